/// One attempt in the hands of its guardian, from the start of its program to the proof that
/// nothing of it runs any more.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/time.hpp"
#include "process/local/cgroup.hpp"
#include "process/local/exit_record.hpp"
#include "process/local/fd.hpp"
#include "process/local/guardian.hpp"
#include "process/local/output_log.hpp"
#include "process/local/protocol.hpp"
#include "process/local/spawn.hpp"

namespace cordyna::local {

/// Wall time and steady time in milliseconds.
[[nodiscard]] Millis wall_now();
[[nodiscard]] Millis steady_now();

/// Takes all signals that wait; whether SIGTERM was among them.
bool take_signals(int signals);

/// Where a program's output goes. Made ahead, while a guardian has nothing else to do.
struct OutputPipes {
  Fd out;
  Fd out_end;  ///< the program's
  Fd error;
  Fd error_end;

  [[nodiscard]] bool valid() const { return error_end.valid(); }
};

/// 0 or errno.
[[nodiscard]] int make_pipes(OutputPipes& pipes);

/// Threads: the guardian's only one.
class AttemptRun {
 public:
  /// Borrows post and order. `folder` is the attempt's, open. `pipes`: if they are not valid, they
  /// are made.
  AttemptRun(GuardianPost& post, const StartOrder& order, int folder, OutputPipes pipes);

  /// Returns when everything that the attempt started is gone.
  [[nodiscard]] ExitRecord run();
  /// Whether it was signalled: then this attempt is the guardian's last.
  [[nodiscard]] bool was_signalled() const { return signalled_; }

 private:
  enum class Ending : std::uint8_t { kNo, kKindly, kByForce };

  [[nodiscard]] bool start();
  [[nodiscard]] Spawned spawn_bounded();
  void wait_for_news();
  [[nodiscard]] int wait_ms(Millis now) const;
  void on_time(Millis now);
  void on_owner();
  void on_signals();
  void on_cancel();
  void reap();
  void read_output(OutputStream stream, short events);
  void read_rest();
  void end_all(Ending how);
  void check_log();
  void check_memory();
  void judge_limits();
  void announce();

  GuardianPost& post_;
  const StartOrder& order_;
  OutputLog log_;
  ExitRecord record_;
  OutputPipes pipes_;
  std::string buffer_;
  AttemptGroup group_;
  pid_t main_ = -1;
  bool main_ended_ = false;
  bool all_ended_ = false;
  bool announced_ = false;
  bool signalled_ = false;
  int cancels_ = 0;
  Ending ending_ = Ending::kNo;
  Millis started_ = 0;      ///< steady
  Millis next_sweep_ = 0;   ///< steady; of the ending
  Millis last_output_ = 0;  ///< steady
  Millis next_look_ = 0;    ///< steady; at the memory of a group whose processes end singly
  Millis cpu_used_ = 0;     ///< by the main process and those that it waited for
};

}  // namespace cordyna::local
