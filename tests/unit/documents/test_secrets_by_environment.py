"""An entry of `secrets` may be kept somewhere else in one environment."""

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.planning.tables import Tables

CONFIG = AdminConfigDocument.model_validate(
    {
        "secrets": {
            "key": {
                "description": "Signs orders",
                "generate": True,
                "inject": "file",
                "environments": {"staging": {"store": "vault", "key": "orders/{environment}"}},
            }
        },
        "secretStores": {"vault": {"address": "https://vault.example.org"}},
    }
)


def test_an_environment_replaces_the_whole_entry_but_its_description() -> None:
    here, there = CONFIG.secrets_in("development")["key"], CONFIG.secrets_in("staging")["key"]

    assert (here.store, here.generate, here.inject) == ("local", True, "file")
    assert (there.store, there.generate, there.inject) == ("vault", False, "env")
    assert there.description == "Signs orders"


def test_steps_are_given_the_entry_of_their_environment_alone() -> None:
    here, there = (Tables(CONFIG, environment).entry("secrets", "key") for environment in ("development", "staging"))

    assert here is not None
    assert there is not None
    assert (here["store"], here.get("vault")) == ("local", None)
    assert (there["store"], there["vault"]["address"]) == ("vault", "https://vault.example.org")
    assert "environments" not in here | there
