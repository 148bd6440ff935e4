/// What the guardians cost, without engine and store: `local_bench chain N` or `local_bench wide N
/// SLOTS`, with /bin/true as the task and one fdatasync after each end of the chain. Prints
/// seconds; the first guardian (and the fork server) is started before the clock.
///
/// Limits to hold it against: bench/limits/spawn_chain.c, and xargs -P.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "process/local/fork_server.hpp"
#include "process/local/local_process.hpp"

namespace cordyna {
namespace {

class TruePreparer final : public Preparer {
 public:
  std::expected<Launch, TaskError> prepare(const StartAttempt&, const AttemptPaths&) override {
    return Launch{{"true"}, {}, "/", {}, {}};
  }
};

class Bench {
 public:
  Bench(const std::string& folder, const std::string& self)
      : layout_(folder),
        log_(open((folder + "/ends").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)),
        process_(layout_, {{self, "supervise", folder}}, {{"true", &preparer_}}, clock_,
                 [this](const AttemptReport& report) { return on_report(report); }) {
    auto flow = std::make_shared<Flow>();
    flow->tasks.resize(1);
    flow->tasks[0].type = "true";
    flow_ = std::move(flow);
  }
  ~Bench() { close(log_); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  double run(int count, int slots, bool durable) {
    const auto begin = std::chrono::steady_clock::now();
    int done = 0;
    int live = 0;
    for (int next = 0; done < count;) {
      for (; next < count && live < slots; ++next, ++live) start();
      std::unique_lock lock(mutex_);
      news_.wait(lock, [this] { return ended_ > 0; });
      done += ended_;
      live -= ended_;
      ended_ = 0;
      lock.unlock();
      if (durable && (write(log_, "ended\n", 6) != 6 || fdatasync(log_) != 0)) std::abort();
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    return took.count();
  }

 private:
  void start() {
    StartAttempt command;
    command.key = {1, "t", ++attempt_};
    command.run_id = {"0190d4a5-0000-7000-8000-000000000000"};
    command.flow = flow_;
    process_.start(command);
  }

  bool on_report(const AttemptReport& report) {
    if (report.kind != ReportKind::kEnded) return true;
    if (report.outcome.state != AttemptState::kCompleted) {
      std::fprintf(stderr, "local_bench: an attempt failed: %s\n",
                   report.outcome.error.has_value() ? report.outcome.error->message.c_str() : "?");
      std::abort();
    }
    const std::lock_guard lock(mutex_);
    ++ended_;
    news_.notify_one();
    return true;
  }

  StateLayout layout_;
  int log_;
  SystemClock clock_;
  TruePreparer preparer_;
  std::shared_ptr<const Flow> flow_;
  std::uint32_t attempt_ = 0;
  std::mutex mutex_;
  std::condition_variable news_;
  int ended_ = 0;
  LocalProcess process_;  // last: reports use all of the others
};

int bench_main(int argc, char** argv) {
  const bool chain = argc == 3 && std::strcmp(argv[1], "chain") == 0;
  const bool wide = argc == 4 && std::strcmp(argv[1], "wide") == 0;
  if (!chain && !wide) {
    std::fprintf(stderr, "usage: local_bench chain N | local_bench wide N SLOTS\n");
    return 2;
  }
  const int count = std::atoi(argv[2]);
  const int slots = chain ? 1 : std::atoi(argv[3]);
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  std::string folder = (std::filesystem::current_path() / "local-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror("local_bench");
    return 1;
  }
  {
    Bench bench(folder, self.string());
    (void)bench.run(slots, slots, false);
    std::printf("%.6f\n", bench.run(count, slots, chain));
  }
  // The fork server ends after its last guardian, which removes files of its own.
  const int lock = open((folder + "/supervise.lock").c_str(), O_RDONLY);
  flock(lock, LOCK_EX);
  close(lock);
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace cordyna

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "supervise") == 0) return cordyna::supervise_main(argv[2]);
  return cordyna::bench_main(argc, argv);
}
