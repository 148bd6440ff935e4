/// A process of ours that carries out one attempt, as `dyna http-step FILE` does: what all of them
/// have from their guardian, and how they tell it what came of it.
///
/// Its log are its standard streams; of what went wrong the guardian takes the last line of
/// standard error, where it masks secrets, unless $DYNA_REPORT says more. Threads: one.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/task_error.hpp"

namespace cordyna::step {

/// The exit code of a step that was asked to end: 128 + SIGTERM.
inline constexpr int kCancelledCode = 143;

/// A variable of the environment; empty: not set.
[[nodiscard]] std::string variable(const char* name);

/// All of it, unless nobody reads any more: then the attempt is ending.
void write_out(int fd, std::string_view bytes);
/// A line of the attempt's log, made printable.
void say(std::string_view line);

/// Becomes readable when SIGTERM, SIGINT, SIGHUP or one of `more` comes, all of which stay blocked
/// from here on. -1: there is no descriptor left.
[[nodiscard]] int end_descriptor(std::initializer_list<int> more = {});

/// Errors: kNotFound: it cannot be read.
[[nodiscard]] Result<std::string> read_whole(const std::string& path);

/// JSON into $DYNA_REPORT, where there is one. Errors: kNoSpace: it cannot be written.
[[nodiscard]] Result<> write_report(const std::string& json);

/// Where the message of an error goes.
enum class Message : bool {
  kInLog,     ///< to standard error alone: it may hold a secret, which is masked there
  kReported,  ///< into the report, too, as it is
};

/// Says what went wrong. Gives the exit code of the step, 1.
int report_error(const TaskError& error, Message message = Message::kReported);

}  // namespace cordyna::step
