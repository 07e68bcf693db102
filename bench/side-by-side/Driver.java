import com.iovation.launchkey.sdk.FactoryFactoryBuilder;
import com.iovation.launchkey.sdk.client.ServiceClient;
import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.security.Security;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * Calls of the official Java SDK: {@code Driver <base URL> <service id>}, the service's key in SERVICE_KEY.
 *
 * Takes a line at a time, {@code create <user> ...} or {@code pending} or {@code answered}, makes a call for each user of
 * the last create, and says how many microseconds of CPU time the process used for them, on all its threads.
 */
public class Driver {
  public static void main(String[] args) throws Exception {
    // it asks for the provider by name
    Security.addProvider(new BouncyCastleProvider());
    ServiceClient client = new FactoryFactoryBuilder()
      .setAPIBaseURL(args[0])
      .setJCEProvider(new BouncyCastleProvider())
      .build()
      .makeServiceFactory(args[1], System.getenv("SERVICE_KEY"))
      .makeServiceClient();
    OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    List<String> requests = new ArrayList<>();
    System.out.println("ready");
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ");
      long before = system.getProcessCpuTime();
      if (words[0].equals("create")) {
        requests.clear();
        for (int index = 1; index < words.length; index++) {
          requests.add(
            client.createAuthorizationRequest(words[index], "Order 1234 over 99 euros", null, "Shop", null).getId()
          );
        }
      } else {
        for (String request : requests) poll(client, request, words[0].equals("answered"));
      }
      System.out.println((system.getProcessCpuTime() - before) / 1000);
    }
    // its HTTP client has threads of its own
    System.exit(0);
  }

  private static void poll(ServiceClient client, String request, boolean answered) throws Exception {
    var response = client.getAdvancedAuthorizationResponse(request);
    if ((response != null && response.isAuthorized()) != answered) {
      throw new IllegalStateException("The answer to a poll is not as it was to be");
    }
  }
}
