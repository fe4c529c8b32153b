// Answers / and /healthz. The virtual machine stops when it is asked to.
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;

public class Main {
    static final Map<String, String> ANSWERS = Map.of("/", "Hello\n", "/healthz", "ok\n");

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
        HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            byte[] text = ANSWERS.getOrDefault(path, "Not found\n").getBytes();
            exchange.sendResponseHeaders(ANSWERS.containsKey(path) ? 200 : 404, text.length);
            exchange.getResponseBody().write(text);
            exchange.close();
        });
        server.start();
    }
}
