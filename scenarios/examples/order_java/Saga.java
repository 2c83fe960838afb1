// An order in three steps: reserve the goods, charge for them, ship. Java 17, and nothing but its library.
//
// `java Saga run ID` begins it and `java Saga resume ID` goes on with it, the order on stdin. Shipping
// is the pivot: when something fails before it, all is undone; after it, nothing is.

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

class Saga {
    record Step(String name, String service, String action, String undo, String ask) {
        boolean pivot() { return undo == null; }
    }

    static final List<Step> STEPS = List.of(
        new Step("reserve", "inventory", "POST /reservations", "DELETE /reservations", null),
        new Step("charge", "payments", "POST /charges", "POST /refunds", null),
        new Step("ship", "shipping", "POST /shipments", null, "GET /shipments"));
    static final int ATTEMPTS = 4;
    static final long FIRST_PAUSE_MS = 50;
    static final Duration TIMEOUT = Duration.ofSeconds(1);

    final String id;
    final String order;
    final Journal journal;

    Saga(String id, String order, Journal journal) {
        this.id = id;
        this.order = order;
        this.journal = journal;
    }

    public static void main(String[] arguments) throws Exception {
        String id = arguments[1]; // the journal knows better than the command whether it has begun
        String order = new String(System.in.readAllBytes(), StandardCharsets.UTF_8).strip();
        Optional<Journal> journal = Journal.open(Path.of(System.getenv("SAGA_STORE_DIR"), id + ".journal"));
        String outcome = "{\"status\": \"running\"}"; // another process is at work on it
        if (journal.isPresent()) outcome = new Saga(id, order, journal.get()).run();
        System.out.println("OUTCOME " + outcome);
    }

    String run() throws Exception {
        for (Step step : STEPS) {
            if (journal.error().isPresent() || !act(step)) break;
        }
        if (journal.error().isPresent()) return undoAll();
        boolean shipped = STEPS.stream().allMatch(step -> journal.has("done", step.name));
        return shipped ? outcome("completed", "") : outcome("stuck", "ship: in doubt, and it cannot be undone");
    }

    /** Whether the next step may be taken. */
    boolean act(Step step) throws Exception {
        if (journal.has("done", step.name)) return true;
        boolean sentBefore = journal.has("sent", step.name); // and then it died: that request may still arrive
        journal.add("sent", step.name);
        Answer answer = send(step.service, step.action, id + ":" + step.name, withId());
        boolean doubt = answer.word == Word.IN_DOUBT || (answer.word == Word.REFUSED && sentBefore);
        Word word = step.pivot() && doubt ? ask(step) : answer.word;
        if (word == Word.DONE) {
            journal.add("done", step.name);
        } else if (word == Word.REFUSED || !step.pivot()) {
            journal.add("failed", step.name + ": " + answer.text); // from here on there is no way but back
        }
        return word == Word.DONE;
    }

    /** Was it done? No is no answer: the request may be on its way. */
    Word ask(Step step) throws Exception {
        Answer answer = send(step.service, step.ask + "?saga_id=" + id, null, null);
        boolean found = answer.word == Word.DONE && answer.text.matches("(?s).*\"items\"\\s*:\\s*\\[\\s*\\{.*");
        return found ? Word.DONE : Word.IN_DOUBT;
    }

    /** By saga id, which finds what it does not know of; the last step first. */
    String undoAll() throws Exception {
        String error = journal.error().orElseThrow();
        for (int index = STEPS.size() - 1; index >= 0; index--) {
            Step step = STEPS.get(index);
            if (step.pivot() || !journal.has("sent", step.name) || journal.has("undone", step.name)) continue;
            String key = id + ":" + step.name + ":undo";
            Answer answer = send(step.service, step.undo + "?saga_id=" + id, key, null);
            if (answer.word != Word.DONE) { // a person has to look: `compensated` would be a lie
                return outcome("stuck", error + "; undo of " + step.name + ": " + answer.text);
            }
            journal.add("undone", step.name);
        }
        return outcome("compensated", error);
    }

    // Java's library has no JSON, so what little there is here is written and read by hand.

    String outcome(String status, String error) {
        String log = journal.lines.stream()
            .filter(line -> line.word.equals("done") || line.word.equals("undone"))
            .map(line -> "[\"" + line.what + "\", \"" + line.word + "\"]")
            .collect(Collectors.joining(", "));
        String quoted = error.replace("\\", "\\\\").replace("\"", "\\\"");
        String form = "{\"status\": \"%s\", \"detail\": {\"error\": \"%s\", \"log\": [%s]}}";
        return form.formatted(status, quoted, log);
    }

    /** The order with the id of the saga in front. */
    String withId() {
        String rest = order.substring(1).strip();
        return "{\"saga_id\": \"" + id + "\"" + (rest.equals("}") ? "" : ", ") + rest;
    }

    // Requests --------------------------------------------------------------------------------

    enum Word { DONE, REFUSED, IN_DOUBT }

    /** What was said, or why there is no answer. */
    record Answer(Word word, String text) { }

    static {
        // A connection for each request: one that is kept may be dead before it is used again.
        System.setProperty("jdk.httpclient.keepalive.timeout", "0");
        System.setProperty("jdk.httpclient.disableRetryConnect", "true");
    }

    static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /**
     * Ask until there is an answer. REFUSED means that surely nothing was done: each attempt was
     * refused, or found nobody there.
     */
    static Answer send(String service, String route, String key, String body) throws InterruptedException {
        boolean undoing = key != null && body == null;
        Word worst = Word.REFUSED;
        String why = "";
        long pauseMs = FIRST_PAUSE_MS;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (attempt > 0) {
                Thread.sleep(pauseMs);
                pauseMs = FIRST_PAUSE_MS << attempt;
            }
            try {
                HttpResponse<String> reply = once(service, route, key, body);
                int status = reply.statusCode();
                if (status >= 200 && status < 300 && status != 202) return new Answer(Word.DONE, whole(reply.body()));
                if (undoing && (status == 404 || status == 410)) return new Answer(Word.DONE, "");
                why = "answered " + status;
                if (status >= 400 && status < 500 && status != 429) break;
                if (status != 429) worst = Word.IN_DOUBT;
                pauseMs = Math.max(pauseMs, 1000 * reply.headers().firstValueAsLong("Retry-After").orElse(0));
            } catch (ConnectException nobody) {
                why = "nobody listens";
            } catch (IOException problem) { // silence, a cut, or nonsense
                worst = Word.IN_DOUBT;
                why = problem.toString();
            }
        }
        return new Answer(worst, why);
    }

    static HttpResponse<String> once(String service, String route, String key, String body)
            throws IOException, InterruptedException {
        String[] parts = route.split(" ");
        URI address = URI.create(System.getenv("SAGA_" + service.toUpperCase() + "_URL") + parts[1]);
        HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(TIMEOUT)
            .header("Content-Type", "application/json")
            .method(parts[0], body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (key != null) request.header("Idempotency-Key", key);
        return CLIENT.send(request.build(), BodyHandlers.ofString());
    }

    /** The text of a reply, if it is an object or nothing. */
    static String whole(String text) throws IOException {
        if (text.isEmpty() || (text.startsWith("{") && text.endsWith("}"))) return text;
        throw new IOException("an answer that is no JSON");
    }

    // The journal -----------------------------------------------------------------------------

    record Line(String word, String what) { }

    /** What happened, a line each, and each on the disk before anything else is done. */
    static class Journal {
        final FileChannel file;
        final List<Line> lines = new ArrayList<>();

        /** Nothing while another process has it open; the lock dies with its process. */
        static Optional<Journal> open(Path path) throws IOException {
            FileChannel file = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            return file.tryLock() == null ? Optional.empty() : Optional.of(new Journal(file, path.getParent()));
        }

        Journal(FileChannel file, Path folder) throws IOException {
            this.file = file;
            ByteBuffer read = ByteBuffer.allocate((int) file.size());
            while (read.hasRemaining() && file.read(read) >= 0) { }
            String text = new String(read.array(), StandardCharsets.UTF_8);
            String whole = text.substring(0, text.lastIndexOf('\n') + 1);
            for (String line : whole.lines().toList()) {
                String[] parts = line.split(" ", 2);
                lines.add(new Line(parts[0], parts[1]));
            }
            file.truncate(whole.getBytes(StandardCharsets.UTF_8).length); // a line cut short never happened
            file.position(file.size());
            try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
                directory.force(true); // or a new file may be gone after a power cut
            }
        }

        void add(String word, String what) throws IOException {
            if (has(word, what)) return;
            lines.add(new Line(word, what));
            String text = word + " " + what.replace('\n', ' ') + "\n";
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) file.write(bytes);
            file.force(true);
        }

        boolean has(String word, String what) {
            return lines.contains(new Line(word, what));
        }

        /** Why it turned back; nothing while it goes forward. */
        Optional<String> error() {
            return lines.stream().filter(line -> line.word.equals("failed")).map(Line::what).findFirst();
        }
    }
}
