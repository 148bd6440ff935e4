/// Findings on their way from the parser's parts into the list that `parse` returns.
///
/// Threads: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flow/diagnostic_codes.hpp"
#include "flow/flow_file.hpp"

namespace cordyna::flow {

struct Node;

/// A place: both from 1; columns count characters. 0: unknown.
struct Mark {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

inline constexpr std::size_t kDiagnosticsMax = 1000;

/// Keeps the first kDiagnosticsMax findings and counts the rest, so that a broken file of 16 MB
/// does not give a million lines.
class Findings {
 public:
  void add(Diagnostic diagnostic);
  [[nodiscard]] bool has_error() const { return errors_ > 0; }
  [[nodiscard]] std::size_t count() const { return found_.size(); }
  /// In order of place: those of the flow's file first, then those of each contract's file.
  [[nodiscard]] std::vector<Diagnostic> take(std::string_view file);

 private:
  std::vector<Diagnostic> found_;
  std::size_t errors_ = 0;
  std::size_t dropped_ = 0;
};

/// Reports for one file: knows its name and its text.
class Reporter {
 public:
  Reporter(Findings& findings, std::string file, std::string_view source)
      : findings_(findings), file_(std::move(file)), source_(source) {}

  void error(Mark at, Code code, std::string message);
  void error(const Node& at, Code code, std::string message);
  /// At byte `offset` of a scalar's text: exact on its line, whatever its style, unless escapes or
  /// folding hide the words from us; then at the scalar's begin.
  void error_in(const Node& scalar, std::size_t offset, Code code, std::string message);
  void warning_in(const Node& scalar, std::size_t offset, Code code, std::string message);

  [[nodiscard]] Mark place_in(const Node& scalar, std::size_t offset) const;
  [[nodiscard]] Findings& findings() { return findings_; }
  [[nodiscard]] const std::string& file() const { return file_; }
  /// Looking for a near word costs; not when a file is all errors.
  [[nodiscard]] bool may_suggest() const { return findings_.count() < 100; }

 private:
  void add(Severity severity, Mark at, Code code, std::string message);

  Findings& findings_;
  std::string file_;
  std::string_view source_;
};

/// A user's text in a message: in single quotes, control characters escaped, cut where it is long.
[[nodiscard]] std::string quoted(std::string_view text);
/// Where <iomanip> is included, too, std::quoted would fit a std::string better.
[[nodiscard]] inline std::string quoted(const std::string& text) {
  return quoted(std::string_view(text));
}

/// "; did you mean 'needs'?", or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string_view>& candidates);

/// "a, b or c".
[[nodiscard]] std::string join_or(const std::vector<std::string_view>& words);

}  // namespace cordyna::flow
