// Does its work every PAUSE_SECONDS. The virtual machine stops when it is asked to.
public class Main {
    static void work() {
        System.out.println("working");
    }

    public static void main(String[] arguments) throws InterruptedException {
        long pause = Long.parseLong(System.getenv().getOrDefault("PAUSE_SECONDS", "30"));
        while (true) {
            work();
            Thread.sleep(pause * 1000);
        }
    }
}
