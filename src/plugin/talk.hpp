/// What is said between us and a plugin over one attempt: lines and times in, lines and signals
/// out.
///
///     ready ──invoke──► acknowledged ──► started ──► an end ──input closed──► it ends
///
/// A value: reads no clock, does no I/O. Times are of one clock, in milliseconds.
/// Errors: none; what goes wrong is the verdict. Threads: one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "model/task_error.hpp"
#include "plugin/declared.hpp"
#include "plugin/step_file.hpp"

namespace cordyna::plugin {

/// How long it may take to end once its input is closed, and then once it was asked to by a signal.
inline constexpr Millis kLeaveWait = 5'000;
inline constexpr Millis kTermWait = 2'000;
/// From `task.cancel` to SIGTERM.
inline constexpr Millis kCancelWait = 1'000;

/// What became of the attempt.
struct Verdict {
  bool cancelled = false;
  std::optional<TaskError> error;
  std::string outputs;  ///< a JSON object; empty: none
};

struct SaidLine {
  bool error = false;  ///< for standard error
  std::string text;
};

/// What is to be done, in this order.
struct Deeds {
  std::vector<SaidLine> lines;
  std::string to_program;    ///< whole lines
  bool close_input = false;  ///< after them
  int signal = 0;            ///< to all of the program's group
};

/// Who we are in an attempt's messages, as its environment says.
struct AttemptName {
  std::string name;  ///< "RUN_ID/TASK/NUMBER"
  std::string run_id;
  std::string task;
  std::string fence;
};

class Talk {
 public:
  /// `inputs`: whole, with secrets.
  Talk(PluginStep step, AttemptName attempt, std::string inputs, Millis now);

  /// A line of its standard output, without its end.
  [[nodiscard]] Deeds hear_line(Millis now, std::string_view line);
  /// It has begun a line that is longer than a message may be.
  [[nodiscard]] Deeds hear_too_much(Millis now);
  [[nodiscard]] Deeds cancel(Millis now);
  [[nodiscard]] Deeds on_time(Millis now);
  /// It has ended: `how` says how, `last_words` are the last line of its standard error. Then the
  /// verdict is there.
  [[nodiscard]] Deeds ended(std::string_view how, std::string_view last_words);

  /// When `on_time` has something to do; 0: never.
  [[nodiscard]] Millis next() const { return next_; }
  /// Nothing before `ended`.
  [[nodiscard]] const std::optional<Verdict>& verdict() const { return verdict_; }

 private:
  enum class Stage : std::uint8_t { kReady, kQueued, kStarted, kRunning, kLeaving, kTerminating };

  Deeds hear(Millis now, const protocol::Message& message);
  Deeds hear_of_attempt(Millis now, const protocol::Message& message);
  Deeds invoke(Millis now, const protocol::Message& ready);
  Deeds complete(Millis now, const shape::JsonBody& data);
  Deeds fail_with(Millis now, TaskErrorCode code, Phase phase, std::string message);
  Deeds leave(Millis now, Verdict verdict);
  void enter(Millis now, Stage stage);
  [[nodiscard]] std::string message(protocol::MessageKind kind, std::string_view id,
                                    const std::string& data) const;

  PluginStep step_;
  AttemptName attempt_;
  std::string inputs_;
  Stage stage_ = Stage::kReady;
  Millis began_ = 0;
  Millis next_ = 0;
  Millis cancel_by_ = 0;  // 0: nobody cancels
  std::size_t line_no_ = 0;
  std::optional<Verdict> made_;
  std::optional<Verdict> verdict_;
};

}  // namespace cordyna::plugin
