// A program whose one process is a container, or with type=http a webhook, as a user of the library
// would write it; the tests build and call it.
//     probe STATE OUTPUT EVENTS ATTEMPTS KEY=VALUE…
// Sends so many events, each once; with listen=ADDRESS:PORT it takes webhooks at /in instead,
// signed with "foobar", and says where it listens. What becomes of each is a line of JSON in
// OUTPUT. STATE "-": in memory. KEYs are those of the execution context. SIGTERM is the stop.
#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <cordyna/cordyna.hpp>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "../whole_lines.hpp"

namespace {

using cordyna::Event, cordyna::Result;

struct Numbers final : cordyna::Input {
  explicit Numbers(int last) : Input("numbers"), last(last) {}
  Result<> handle(std::stop_token stop, cordyna::EventSink& sink) override {
    std::vector<Event> events;
    for (int i = 1; i <= last; ++i) {
      const std::string number = std::to_string(i);
      events.push_back({.location = "t", .operation = cordyna::Operation::kCreate, .id = number});
      events.back().data = "{\"text\":\"it's, \\\"" + number + "\\\"\"}";
      events.back().key = number;
    }
    const auto sent = sink.send(events, {});
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait(lock, stop, [] { return false; });
    return sent;
  }
  int last;
};

std::string quoted(const std::string& text) {
  // The library knows how to write a text as JSON: as the location of an event.
  const std::string event = cordyna::to_json(Event{.location = text});
  const std::size_t begin = event.find(':') + 1;
  return event.substr(begin, event.rfind(",\"operation\"") - begin);
}

std::string texts(const std::vector<std::string>& lines) {
  std::string out = "[";
  for (const std::string& line : lines) out += (out.size() > 1 ? "," : "") + quoted(line);
  return out + "]";
}

class Output {
 public:
  explicit Output(const std::string& path) : file_(add_whole_lines(path)) {}

  void completed(const cordyna::Completion& one) {
    write("{\"event\":" + cordyna::to_json(one.event) + ",\"logs\":" + texts(one.status.logs));
  }
  void listens(std::uint16_t port) { write("{\"port\":" + std::to_string(port)); }
  void failed(const cordyna::Failure& one) {
    std::string line = "{\"event\":" + cordyna::to_json(one.event) +
                       ",\"logs\":" + texts(one.status.logs) +
                       ",\"error\":" + quoted(std::string(to_string(one.error.code))) +
                       ",\"message\":" + quoted(one.error.message);
    if (const auto* end = cordyna::detail_of<cordyna::ContainerNonZeroExit>(one.error)) {
      line += ",\"exit_code\":" + std::to_string(end->exit_code);
    }
    write(line);
  }

 private:
  void write(const std::string& line) {
    const std::lock_guard lock(mutex_);
    file_ << line + "}\n" << std::flush;
  }
  std::mutex mutex_;
  std::ofstream file_;
};

Result<std::unique_ptr<cordyna::Input>> input_of(const std::string& listen, int last,
                                                 Output& output) {
  if (listen.empty()) return std::make_unique<Numbers>(last);
  cordyna::WebhookOptions options;
  options.listen = listen;
  options.path = "/in";
  options.format = cordyna::WebhookFormat::kBody;
  options.secrets = {"foobar"};
  options.on_listening = [&output](std::uint16_t port) { output.listens(port); };
  return cordyna::webhook_input("numbers", std::move(options));
}

Result<> run(const std::vector<std::string>& words, std::stop_token stop) {
  cordyna::ProcessConfig config{"work", "container", {}};
  std::string listen;
  for (std::size_t i = 4; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string key = words[i].substr(0, equals);
    (key == "type"     ? config.type
     : key == "listen" ? listen
                       : config.execution_context[key]) = words[i].substr(equals + 1);
  }
  cordyna::ProcessRegistry registry;
  auto done = registry.add("container", cordyna::make_container_process);
  if (done) done = registry.add("http", cordyna::make_http_process);
  auto process = registry.make(config);
  if (!process) return std::unexpected(process.error());

  Output output(words[1]);
  cordyna::OrchestratorOptions options;
  if (words[0] != "-") options.state = words[0];
  options.attempts = static_cast<unsigned>(std::stoul(words[3]));
  options.retry_wait = std::chrono::milliseconds(10);
  options.on_completed = [&](const cordyna::Completion& one) { output.completed(one); };
  options.on_error = [&](const cordyna::Failure& one) { output.failed(one); };
  cordyna::Orchestrator orchestrator(std::move(options));
  if (done) {
    auto input = input_of(listen, std::stoi(words[2]), output);
    if (!input) return std::unexpected(input.error());
    done = orchestrator.add_input(std::move(*input));
  }
  if (done) done = orchestrator.add_process(std::move(*process));
  if (done) done = orchestrator.add_link("numbers", "work");
  return done ? orchestrator.run(stop) : done;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 4) return 2;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::stop_source stop;
  std::thread([stop, signals]() mutable {
    int number = 0;
    sigwait(&signals, &number);
    stop.request_stop();
  }).detach();
  const auto done = run(words, stop.get_token());
  if (done) return 0;
  const auto* missing = cordyna::detail_of<cordyna::ContainerImageMissing>(done.error());
  if (missing != nullptr) std::cerr << "image missing of " << missing->process << '\n';
  std::cerr << to_string(done.error().code) << ": " << done.error().message << '\n';
  return 1;
}
