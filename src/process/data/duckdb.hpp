/// The DuckDB program: where it is, and one script run by it, in its sandbox.
///
/// A child process, so that what a step uses up is bounded and a crash of it is an error of that
/// step alone. It sees its work folder and the files it is given, no network, no settings of the
/// user, none of our environment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "process/data/child.hpp"
#include "process/data/step.hpp"

namespace cordyna::data {

inline constexpr std::string_view kDuckdbVersion = "1.5.5";

/// $DYNA_DUCKDB; libexec/cordyna/duckdb beside the folder of this program; the folder that
/// `dyna doctor --install` fills. Errors: kToolMissing, with what to do.
[[nodiscard]] StepResult<std::string> find_duckdb();

/// The JSON lines of a script's output, in order. Values are those of one statement's row.
struct ScriptEnd {
  std::vector<std::string> lines;  ///< each begins with "{"
  std::int64_t changes = 0;        ///< rows changed so far, as said last (".changes on")
  bool failed = false;
  std::string error;  ///< DuckDB's message, without its advice and its picture of the statement
};

class Duckdb {
 public:
  /// Borrows all three. The work folder exists; scripts are written there.
  Duckdb(std::string program, const Step& step, const EndSignals& signals)
      : program_(std::move(program)), step_(step), signals_(signals) {}

  /// Bytes, as hexadecimal digits, that the scripts which follow find in the variable `name`
  /// (getvariable). They come by the environment, so that no file has them.
  void set_secret(std::string name, std::string digits) {
    secrets_.emplace_back(std::move(name), std::move(digits));
  }

  /// From now on without the sandbox, in `folder`: for a script that is its author's own program,
  /// and may touch what a shell of theirs may. Limits hold; nothing is fetched by itself.
  void leave_sandbox(std::string folder) { free_folder_ = std::move(folder); }

  /// From now on with one thread: rows then keep their order through joins too.
  void keep_order() { threads_ = 1; }

  /// Runs the sandbox and then `script`; `paths` are those outside of the work folder that it may
  /// touch, as links within. A script that fails is not an error here: `failed` says so, and the
  /// lines before it are there.
  /// Errors: kToolMissing (cannot be started), kNoSpace, kOutOfMemory (killed), kInternal
  /// (cancelled: "asked to end").
  [[nodiscard]] StepResult<ScriptEnd> run(std::string_view script,
                                          const std::vector<std::string>& paths);

  /// The most memory that one of the scripts held.
  [[nodiscard]] std::uint64_t memory_peak_bytes() const { return memory_peak_bytes_; }

 private:
  std::string program_;
  const Step& step_;
  const EndSignals& signals_;
  std::string free_folder_;    ///< empty: in the sandbox
  std::uint32_t threads_ = 0;  ///< 0: as the step says
  std::vector<std::pair<std::string, std::string>> secrets_;
  std::uint64_t memory_peak_bytes_ = 0;
};

}  // namespace cordyna::data
