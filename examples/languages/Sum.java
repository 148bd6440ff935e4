import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

public class Sum {
  public static void main(String[] arguments) throws IOException {
    long sum = Arrays.stream(System.getenv("VALUES").split(" ")).mapToLong(Long::parseLong).sum();
    Files.writeString(Path.of(System.getenv("DYNA_OUTPUTS")), "{\"sum\": " + sum + "}\n");
  }
}
