import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.codelibs.opensearch.runner.OpenSearchRunner;

/**
 * OpenSearch nodes in this process, on loopback, without a security plugin: for tests and for trying.
 *
 * java -Xmx1g -cp 'lib/*' Cluster.java DIRECTORY NODES FIRST_HTTP_PORT FIRST_TRANSPORT_PORT
 *
 * Prints "ready" when all nodes have begun; when they are one cluster, /_cluster/health tells. Then reads commands, one
 * a line, and answers each with a line: "close 2" stops the second node, "start 2" starts it again. Ends when its input
 * ends.
 */
public class Cluster {
    public static void main(final String[] args) {
        try {
            run(args);
        } catch (final Throwable error) {
            error.printStackTrace(System.out);
            System.exit(1);
        }
        System.exit(0);
    }

    private static void run(final String[] args) throws Exception {
        final Path directory = Path.of(args[0]).toAbsolutePath();
        final int nodes = Integer.parseInt(args[1]);
        final int http = Integer.parseInt(args[2]);
        final int transport = Integer.parseInt(args[3]);
        final List<String> seeds = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            seeds.add("127.0.0.1:" + (transport + i));
        }
        final OpenSearchRunner runner = new OpenSearchRunner();
        runner.onBuild((number, settings) -> {
            settings.put("node.name", "node-" + number);
            settings.put("network.host", "127.0.0.1");
            settings.put("http.port", http + number - 1);
            settings.put("transport.port", transport + number - 1);
            // Without these, each node forms a cluster of its own. They start one after the other, so the first
            // begins alone.
            if (nodes > 1) {
                settings.putList("discovery.seed_hosts", seeds);
                settings.putList("cluster.initial_cluster_manager_nodes", List.of("node-1"));
            } else {
                settings.put("discovery.type", "single-node");
            }
            // A developer's nearly full disk is no reason to refuse writing.
            settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
        });
        runner.build(OpenSearchRunner.newConfigs().basePath(directory.toString()).numOfNode(nodes)
                .clusterName("swsearch-" + http)
                .disableESLogger()); // a second node's logger would close our standard output
        say("ready");
        final BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            final String[] words = line.trim().split(" +");
            final int which = words.length > 1 ? Integer.parseInt(words[1]) - 1 : 0;
            if (words[0].equals("close")) {
                runner.getNode(which).close();
                say("closed " + (which + 1));
            } else if (words[0].equals("start")) {
                say(runner.startNode(which) ? "started " + (which + 1) : "not started");
            } else {
                say("commands are: close N, start N");
            }
        }
        runner.close();
    }

    private static void say(final String line) {
        System.out.println("swsearch: " + line);
        System.out.flush();
    }
}
