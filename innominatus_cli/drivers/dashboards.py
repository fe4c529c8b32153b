"""Grafana dashboards as JSON: the same definition gives the same bytes.

Source: Grafana's dashboard model of schema version 39, as its CUE schema and the types made from it have it
(https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/).
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final

from innominatus_cli.documents.admin_config import DashboardPanel
from innominatus_cli.step_types.oversight import NamedDashboard

SCHEMA_VERSION: Final = 39
_COLUMNS: Final = 24
_CHOSEN: Final = "${datasource}"
"""The variable by which a reader chooses the data source."""
_LAST: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_SIZES: Final = {"sizing": "auto", "minVizWidth": 75, "minVizHeight": 75}
_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "stat": {
        "reduceOptions": _LAST,
        "orientation": "auto",
        "graphMode": "area",
        "colorMode": "value",
        "justifyMode": "auto",
        "textMode": "auto",
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
    },
    "gauge": {
        "reduceOptions": _LAST,
        "orientation": "auto",
        "showThresholdLabels": False,
        "showThresholdMarkers": True,
        **_SIZES,
    },
    "bargauge": {
        "reduceOptions": _LAST,
        "orientation": "auto",
        "displayMode": "gradient",
        "valueMode": "color",
        "namePlacement": "auto",
        "showUnfilled": True,
        "maxVizHeight": 300,
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        **_SIZES,
    },
    "timeseries": {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "table": {"frameIndex": 0, "showHeader": True, "cellHeight": "sm"},
}
"""All that each kind of panel has to say, with Grafana's own defaults."""
_GRAFANAS_OWN: Final = {"__rate_interval": "5m", "__interval": "1m", "__range": "6h"}
_OWN_VARIABLE: Final = re.compile(r"\$\{?(__rate_interval|__interval|__range)\b\}?")


def problem_of(definition: NamedDashboard) -> str:
    """What keeps a dashboard from being rendered, in words; empty where nothing does."""
    for panel in definition.panels:
        shown = [bool(panel.expression), bool(panel.queries), bool(panel.text)]
        if sum(shown) != 1:
            return f"panel '{panel.title}' needs one of 'expression', 'queries' and 'text'"
        if bool(panel.text) is not (panel.type == "text"):
            return f"panel '{panel.title}' of type {panel.type} has the wrong one of 'expression', 'queries' and 'text'"
    return ""


def queries_of(definition: NamedDashboard, service: str) -> Iterator[str]:
    """Every PromQL expression of a dashboard, with times in the place of Grafana's own variables."""
    for panel in definition.panels:
        for _, expression in _queries(panel, service):
            yield _OWN_VARIABLE.sub(lambda found: _GRAFANAS_OWN[found[1]], expression)


def rendered(definition: NamedDashboard, service: str, identity: Sequence[str]) -> str:
    """The dashboard's JSON.

    Args:
        definition: What it shows.
        service: What `$SERVICE` stands for.
        identity: What makes it another one than its like: of application, environment and step. It becomes its uid.
    """
    chosen = definition.datasource is None
    source = {"type": "prometheus", "uid": definition.datasource or _CHOSEN}
    digest = hashlib.sha256("\0".join([*identity, definition.name]).encode()).hexdigest()
    data = {
        "uid": digest[:20],
        "title": (definition.title or definition.name).replace("$SERVICE", service),
        "description": definition.description or "",
        "tags": sorted({*definition.tags, "innominatus"}),
        "timezone": "browser",
        "editable": False,
        "graphTooltip": 1,
        "fiscalYearStartMonth": 0,
        "time": {"from": f"now-{definition.window}", "to": "now"},
        "timepicker": {},
        "refresh": definition.refresh,
        "schemaVersion": SCHEMA_VERSION,
        "templating": {"list": [_choice()] if chosen else []},
        "annotations": {"list": []},
        "panels": list(_panels(definition, source, service)),
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _choice() -> dict[str, Any]:
    return {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "hide": 0}


def _panels(definition: NamedDashboard, source: dict[str, str], service: str) -> Iterator[dict[str, Any]]:
    """From left to right; one that does not fit beside the others begins a new line below the highest of them."""
    column, top, highest = 0, 0, 0
    for number, panel in enumerate(definition.panels, 1):
        if column + panel.width > _COLUMNS:
            column, top, highest = 0, top + highest, 0
        place = {"h": panel.height, "w": panel.width, "x": column, "y": top}
        column, highest = column + panel.width, max(highest, panel.height)
        yield {
            "id": number,
            "type": panel.type,
            "title": panel.title.replace("$SERVICE", service),
            "description": panel.description or "",
            "gridPos": place,
            **(_text(panel) if panel.type == "text" else _graph(panel, source, service)),
        }


def _text(panel: DashboardPanel) -> dict[str, Any]:
    return {"options": {"mode": "markdown", "content": panel.text or ""}}


def _graph(panel: DashboardPanel, source: dict[str, str], service: str) -> dict[str, Any]:
    targets = [
        {
            "refId": ref,
            "datasource": source,
            "expr": expression,
            "legendFormat": legend,
            "instant": panel.type == "table",
            "range": panel.type != "table",
        }
        for ref, (legend, expression) in zip(_references(), _queries(panel, service), strict=False)
    ]
    limits = sorted((panel.thresholds or {}).items(), key=lambda limit: (limit[1], limit[0]))
    steps = [{"color": "green", "value": None}, *({"color": colour, "value": value} for colour, value in limits)]
    defaults: dict[str, Any] = {"thresholds": {"mode": "absolute", "steps": steps}}
    if panel.unit is not None:
        defaults["unit"] = panel.unit
    return {
        "datasource": source,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _OPTIONS[panel.type],
    }


def _queries(panel: DashboardPanel, service: str) -> Iterator[tuple[str, str]]:
    """Legend and expression of each query."""
    for legend, expression in (panel.queries or ({"": panel.expression} if panel.expression else {})).items():
        yield legend, expression.strip().replace("$SERVICE", json.dumps(service, ensure_ascii=False)[1:-1])


def _references() -> Iterator[str]:
    """A, B, … Z, A1, B1 and so on."""
    for turn in count():
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            yield f"{letter}{turn or ''}"
