// What is done by the schedule.
public class Job {
    public static void main(String[] arguments) {
        System.out.println("the job is done");
    }
}
