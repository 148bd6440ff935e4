#include "flow/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/nearest.hpp"
#include "flow/yaml_tree.hpp"

namespace cordyna::flow {
namespace {

constexpr std::size_t kQuotedMax = 80;
constexpr std::size_t kCandidatesMax = 5000;

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::uint32_t characters(std::string_view text) {
  return static_cast<std::uint32_t>(
      std::ranges::count_if(text, [](char c) { return !continues(c); }));
}

/// The byte at which `at` lies in `source`; npos: beyond its end.
std::size_t byte_of(std::string_view source, Mark at) {
  std::size_t byte = 0;
  for (std::uint32_t line = 1; line < at.line; ++line) {
    byte = source.find('\n', byte);
    if (byte == std::string_view::npos) return byte;
    ++byte;
  }
  for (std::uint32_t column = 1; column < at.column && byte < source.size(); ++column) {
    do {
      ++byte;
    } while (byte < source.size() && continues(source[byte]));
  }
  return byte;
}

Mark mark_of(std::string_view source, std::size_t byte, Mark from, std::size_t from_byte) {
  Mark mark = from;
  std::size_t line_begin = from_byte;
  for (std::size_t i = from_byte; i < byte; ++i) {
    if (source[i] != '\n') continue;
    ++mark.line;
    mark.column = 1;
    line_begin = i + 1;
  }
  mark.column += characters(source.substr(line_begin, byte - line_begin));
  return mark;
}

/// The word at `offset`: what is looked for in the source. It ends where a style may have changed
/// the text: at white space, quotes and backslashes.
std::string_view word_at(std::string_view text, std::size_t offset) {
  const std::string_view rest = text.substr(std::min(offset, text.size()));
  return rest.substr(0, std::min(rest.find_first_of(" \t\r\n'\"\\"), std::size_t{40}));
}

std::size_t count_before(std::string_view text, std::string_view word, std::size_t end) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at < end; at = text.find(word, at + 1)) ++count;
  return count;
}

/// Whether `word` is `candidate` with a few letters left out: "ned" of "needs". Edits alone would
/// not find those of short words.
bool lacks_letters(std::string_view word, std::string_view candidate) {
  if (word.size() < 3 || candidate.size() > word.size() + 2) return false;
  if (word.front() != candidate.front()) return false;
  std::size_t at = 0;
  for (const char c : candidate) {
    if (at < word.size() && word[at] == c) ++at;
  }
  return at == word.size();
}

}  // namespace

void Findings::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::kError) ++errors_;
  if (found_.size() >= kDiagnosticsMax) {
    ++dropped_;
    return;
  }
  found_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Findings::take(std::string_view file) {
  std::ranges::stable_sort(found_, [file](const Diagnostic& a, const Diagnostic& b) {
    return std::make_tuple(a.file != file, std::string_view(a.file), a.line, a.column) <
           std::make_tuple(b.file != file, std::string_view(b.file), b.line, b.column);
  });
  if (dropped_ > 0) {
    const Severity severity = errors_ > 0 ? Severity::kError : Severity::kWarning;
    found_.push_back({severity, std::string(file), found_.back().line, found_.back().column,
                      std::string(to_string(Code::kTooManyProblems)),
                      fmt::format("{} more findings are not shown; these come first", dropped_)});
  }
  return std::move(found_);
}

void Reporter::add(Severity severity, Mark at, Code code, std::string message) {
  findings_.add(
      {severity, file_, at.line, at.column, std::string(to_string(code)), std::move(message)});
}

void Reporter::error(Mark at, Code code, std::string message) {
  add(Severity::kError, at, code, std::move(message));
}

void Reporter::error(const Node& at, Code code, std::string message) {
  add(Severity::kError, at.mark, code, std::move(message));
}

void Reporter::error_in(const Node& scalar, std::size_t offset, Code code, std::string message) {
  add(Severity::kError, place_in(scalar, offset), code, std::move(message));
}

void Reporter::warning_in(const Node& scalar, std::size_t offset, Code code, std::string message) {
  add(Severity::kWarning, place_in(scalar, offset), code, std::move(message));
}

Mark Reporter::place_in(const Node& scalar, std::size_t offset) const {
  const std::string_view word = word_at(scalar.text, offset);
  if (word.empty() || scalar.mark.line == 0 || !may_suggest()) return scalar.mark;
  const std::size_t begin = byte_of(source_, scalar.mark);
  if (begin == std::string_view::npos) return scalar.mark;
  std::size_t skip = count_before(scalar.text, word, offset);
  std::size_t at = source_.find(word, begin);
  while (skip > 0 && at != std::string_view::npos) {
    at = source_.find(word, at + 1);
    --skip;
  }
  // Written with escapes, the word may be found far behind the scalar's end.
  if (at == std::string_view::npos || at - begin > 8 * (scalar.text.size() + 256)) {
    return scalar.mark;
  }
  return mark_of(source_, at, scalar.mark, begin);
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  std::size_t shown = 0;
  for (const char c : text) {
    if (shown >= kQuotedMax && !continues(c)) {
      out += "…";
      break;
    }
    ++shown;
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += '\'';
  return out;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (candidates.size() > kCandidatesMax) return {};
  std::string found = nearest(word, candidates);
  if (found.empty()) {
    const auto shorter = [word](std::string_view candidate) {
      return lacks_letters(word, candidate);
    };
    const auto at = std::ranges::find_if(candidates, shorter);
    if (at != candidates.end()) found = *at;
  }
  return found.empty() ? std::string() : fmt::format("; did you mean '{}'?", found);
}

std::string join_or(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

std::string format(const Diagnostic& diagnostic) {
  // The code stands behind what was found and before what would be right.
  std::string_view what = diagnostic.message;
  std::string_view hint;
  bool in_quotes = false;
  for (std::size_t i = 0; i + 1 < what.size(); ++i) {
    if (what[i] == '\'') in_quotes = !in_quotes;
    if (!in_quotes && what[i] == ';' && what[i + 1] == ' ') {
      hint = what.substr(i);
      what = what.substr(0, i);
      break;
    }
  }
  const std::string_view severity = diagnostic.severity == Severity::kError ? "error" : "warning";
  return fmt::format("{}:{}:{}: {}: {} ({}){}", diagnostic.file, diagnostic.line, diagnostic.column,
                     severity, what, diagnostic.code, hint);
}

}  // namespace cordyna::flow
