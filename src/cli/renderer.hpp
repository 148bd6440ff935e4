/// What a view shows, as pure functions of what it is told: text comes out, nothing else happens.
///
/// The view thread (view.hpp) owns a renderer, feeds it and writes what it appended. Times are
/// Millis since 1970. Threads: none; one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/id.hpp"
#include "model/flow.hpp"
#include "service/update.hpp"

namespace cordyna::cli {

struct RunSummary;  // summary.hpp

enum class FollowStyle : std::uint8_t { kPlain, kPretty, kJson };

/// A run that is followed. `flow` may be null (it cannot be read): then no output is shown.
struct FollowedRun {
  RunNo no = 0;
  RunId id;
  std::shared_ptr<const Flow> flow;
};

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

class Renderer {
 public:
  virtual ~Renderer() = default;

  /// Before anything else of that run.
  virtual void begin(const FollowedRun& run, std::string& out) = 0;
  virtual void update(const Update& update, std::string& out) = 0;
  virtual void output(const OutputLine& line, std::string& out) = 0;
  /// A word of the program itself ("cancelling …").
  virtual void note(std::string_view text, std::string& out) = 0;
  /// Whether output lines are wanted at all.
  [[nodiscard]] virtual bool wants_output() const { return true; }

  /// Draws what is live, if it changed or time must be shown to pass.
  virtual void frame(Millis now, TerminalSize size, std::string& out) = 0;
  /// Milliseconds until `frame` has something to do; negative: not before the next update.
  [[nodiscard]] virtual Millis next_frame(Millis now) const = 0;

  /// The end of a run.
  virtual void summary(const RunSummary& summary, std::string& out) = 0;
  /// The end of the view: nothing live stays on the terminal.
  virtual void finish(Millis now, TerminalSize size, std::string& out) = 0;
};

struct RenderOptions {
  bool colour = false;
  bool many_runs = false;  ///< each line names its run
  bool output = true;      ///< what tasks say, too
};

[[nodiscard]] std::unique_ptr<Renderer> make_json_view();
[[nodiscard]] std::unique_ptr<Renderer> make_plain_view(const RenderOptions& options);
[[nodiscard]] std::unique_ptr<Renderer> make_pretty_view(const RenderOptions& options);

struct LogOptions {
  std::string task;  ///< only of this one, without a prefix; empty: of all
  bool json = false;
};
/// Only what tasks said: their output, and the messages of `log` tasks.
[[nodiscard]] std::unique_ptr<Renderer> make_log_view(LogOptions options);

}  // namespace cordyna::cli
