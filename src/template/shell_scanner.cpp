#include "template/shell_scanner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "template/engine.hpp"
#include "template/shell_frame.hpp"

namespace cordyna::tmpl {
namespace {

using shell::Frame;
using shell::Heredoc;
using shell::Kind;

constexpr std::size_t kNestingMax = 256;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// After these words a command may begin.
constexpr std::array<std::string_view, 10> kOpeners = {"then",  "do", "else", "elif",  "if",
                                                       "while", "!",  "{",    "until", "time"};
constexpr std::array<std::string_view, 6> kNumberTests = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"};
constexpr std::array<std::string_view, 4> kDeclarers = {"declare", "typeset", "local", "readonly"};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  ShellScan run() {
    push(Kind::kCommand, 0);
    while (pos_ < text_.size()) step();
    if (frames_.back().kind == Kind::kCommand) end_word(frames_.back());
    return std::move(scan_);
  }

 private:
  [[nodiscard]] char at(std::size_t pos) const { return pos < text_.size() ? text_[pos] : '\0'; }
  [[nodiscard]] bool starts(std::string_view word) const {
    return text_.substr(pos_).starts_with(word);
  }
  Frame& top() { return frames_.back(); }

  void problem(std::size_t offset, std::string message) {
    scan_.problems.push_back({std::move(message), offset});
  }

  void push(Kind kind, char close) {
    if (frames_.size() >= kNestingMax) {
      problem(pos_, fmt::format("the script is nested deeper than {}", kNestingMax));
      pos_ = text_.size();
      return;
    }
    Frame frame;
    frame.kind = kind;
    frame.close = close;
    frames_.push_back(std::move(frame));
  }

  void pop() {
    if (frames_.size() > 1) frames_.pop_back();
  }

  void step() {
    switch (top().kind) {
      case Kind::kCommand: return step_command();
      case Kind::kDouble: return step_double();
      case Kind::kParameter: return step_parameter();
      case Kind::kArithmetic: return step_arithmetic();
      case Kind::kHeredoc: return step_heredoc();
    }
  }

  // --- templates

  /// Whether a template begins here; "${#" is the shell's.
  [[nodiscard]] bool template_at(std::size_t pos) const {
    if (at(pos) != '{') return false;
    const char next = at(pos + 1);
    if (next == '#') return pos == 0 || at(pos - 1) != '$';
    return next == '{' || next == '%';
  }

  void take_template(Place place, bool number) {
    if (at(pos_ + 1) == '%') {
      problem(pos_,
              "statements ({% … %}) cannot stand in a script; use the shell's own `if` and `for` "
              "over {{ values }}, or write {{ '{%' }} for the characters themselves");
      pos_ += 2;
    } else if (at(pos_ + 1) == '#') {
      take_remark();
    } else {
      take_expression(place, number);
    }
  }

  void take_remark() {
    const std::size_t end = text_.find("#}", pos_ + 2);
    if (end == std::string_view::npos) {
      problem(pos_, "'{#' begins a comment that has no '#}'; write {{ '{#' }} for the characters");
      pos_ += 2;
      return;
    }
    scan_.remarks.push_back({pos_, end + 2 - pos_});
    pos_ = end + 2;
  }

  void take_expression(Place place, bool number) {
    const std::size_t begin = pos_;
    if (begin > 0 && at(begin - 1) == '$') {
      problem(begin - 1, "'${{ … }}': write {{ … }} without the '$'");
    }
    const auto found = find_expression(text_.substr(begin));
    if (!found.has_value()) {
      problem(begin + found.error().offset,
              found.error().message + "; write {{ '{{' }} for the characters '{{' themselves");
      pos_ += 2;
      return;
    }
    pos_ += found->size;
    if (at(begin + 2) == '-' || at(pos_ - 3) == '-') {
      problem(begin, "'{{-' and '-}}' trim white space, which a script cannot; write {{ … }}");
    }
    scan_.slots.push_back({begin, found->size, place, found->is_raw, number || numeric()});
    levels_.push_back(level());
  }

  /// Whether the shell computes with what stands here.
  [[nodiscard]] bool numeric() const {
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
      if (frame->kind == Kind::kCommand) return frame->number_words;
      if (frame->kind == Kind::kHeredoc) return false;
      if (frame->kind == Kind::kArithmetic) return true;
      if (frame->kind == Kind::kParameter && frame->number) return true;
    }
    return false;
  }

  /// How many command lists are open.
  [[nodiscard]] std::ptrdiff_t level() const {
    return std::ranges::count(frames_, Kind::kCommand, &Frame::kind);
  }

  /// A backslash and what it quotes.
  void take_escape() {
    if (at(pos_ + 1) == '{' && template_at(pos_ + 1)) {
      problem(pos_, "a backslash before '{{' would quote what stands there instead; remove it");
      pos_ += 1;
      return;
    }
    pos_ = std::min(pos_ + 2, text_.size());
  }

  // --- quotes and expansions

  /// '…' or $'…', from behind the opening quote to behind the closing one.
  void take_single(bool ansi) {
    while (pos_ < text_.size()) {
      if (template_at(pos_)) {
        take_template(ansi ? Place::kAnsi : Place::kSingle, false);
      } else if (ansi && at(pos_) == '\\') {
        take_escape();
      } else if (text_[pos_++] == '\'') {
        return;
      }
    }
  }

  /// From "$" on. `in_double`: quotes are around it already.
  void take_dollar(bool in_double) {
    const char next = at(pos_ + 1);
    if (next == '\'' && !in_double) {
      pos_ += 2;
      take_single(true);
    } else if (next == '"' && !in_double) {
      pos_ += 2;
      push(Kind::kDouble, '"');
    } else if (next == '(' && at(pos_ + 2) == '(' && closes_doubly(pos_ + 3)) {
      pos_ += 3;
      push(Kind::kArithmetic, ')');
    } else if (next == '(') {
      pos_ += 2;
      push(Kind::kCommand, ')');
    } else if (next == '[') {
      pos_ += 2;
      push(Kind::kArithmetic, ']');
    } else if (next == '{' && at(pos_ + 2) != '{') {
      pos_ += 2;
      push(Kind::kParameter, '}');
      top().in_double = in_double;
      take_parameter_name();
    } else {
      pos_ += 1;
    }
  }

  void take_backtick() {
    pos_ += 1;
    push(Kind::kCommand, '`');
  }

  /// Whether the "((" that ends before `from` is closed by "))": arithmetic, not two subshells.
  [[nodiscard]] bool closes_doubly(std::size_t from) const {
    int depth = 2;
    for (std::size_t i = from; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c == '\\') {
        ++i;
      } else if (c == '\'' || c == '"') {
        i = std::min(text_.find(c, i + 1), text_.size());
      } else if (c == '{' && at(i + 1) == '{') {
        i = std::min(text_.find("}}", i + 2), text_.size());
      } else if (c == '(') {
        ++depth;
      } else if (c == ')' && --depth == 1) {
        return at(i + 1) == ')';
      }
    }
    return false;
  }

  // --- commands

  void step_command() {
    Frame& frame = top();
    const char c = text_[pos_];
    if (frame.close == '`' && c == '`') return close_command();
    if (template_at(pos_)) return take_bare();
    switch (c) {
      case '\\':
        if (at(pos_ + 1) != '\n') begin_word(frame).word += at(pos_ + 1);
        return take_escape();
      case '\'':
        begin_word(frame).word += '\'';
        pos_ += 1;
        return take_single(false);
      case '"':
        begin_word(frame).word += '"';
        pos_ += 1;
        return push(Kind::kDouble, '"');
      case '`': begin_word(frame).word += '`'; return take_backtick();
      case '$': begin_word(frame).word += '$'; return take_dollar(false);
      case '#':
        if (!frame.in_word) return take_comment(frame.close);
        break;
      case '<':
      case '>': return take_redirection();
      case '(': return open_paren(frame);
      case ')': return close_paren(frame);
      case '\n':
        end_command(frame);
        pos_ += 1;
        if (!frame.pending.empty()) begin_heredocs();
        return;
      case ';':
      case '&':
      case '|':
        end_command(frame);
        pos_ += 1;
        return;
      case ' ':
      case '\t':
        end_word(frame);
        pos_ += 1;
        return;
      default: break;
    }
    begin_word(frame).word += c;
    pos_ += 1;
  }

  Frame& begin_word(Frame& frame) {
    if (!frame.in_word) {
      frame.in_word = true;
      frame.before_slots = frame.word_slots;
      frame.word_slots = scan_.slots.size();
    }
    return frame;
  }

  void take_bare() {
    if (at(pos_ + 1) == '#') return take_remark();
    Frame& frame = begin_word(top());
    const bool number = in_subscript(frame.word);
    frame.word += '{';
    take_template(Place::kBare, number);
  }

  /// `name[{{ i }}]=`: bash evaluates the subscript.
  [[nodiscard]] bool in_subscript(std::string_view word) const {
    const std::size_t open = word.find('[');
    if (open == std::string_view::npos || open == 0 || word.find(']') != std::string_view::npos) {
      return false;
    }
    if (!std::ranges::all_of(word.substr(0, open), is_name_char)) return false;
    const std::string_view line = text_.substr(pos_, text_.find('\n', pos_) - pos_);
    return line.find("]=") != std::string_view::npos || line.find("]+=") != std::string_view::npos;
  }

  /// Slots of this very command list: those within a nested $( ) are not its words' values.
  void mark_numbers(std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (levels_[i] == level()) scan_.slots[i].number = true;
    }
  }

  void end_word(Frame& frame) {
    if (!frame.in_word) return;
    const std::string word = std::exchange(frame.word, {});
    frame.in_word = false;
    if (frame.tests) {
      if (frame.number_next) mark_numbers(frame.word_slots, scan_.slots.size());
      frame.number_next = contains(kNumberTests, word);
      if (frame.number_next) mark_numbers(frame.before_slots, frame.word_slots);
      if (word == "]]") frame.tests = false;
    } else if (frame.command_next || (frame.before == "in" && word == "esac")) {
      begin_command(frame, word);
    } else if (contains(kDeclarers, frame.command) && word.starts_with('-') &&
               word.find('i') != std::string::npos) {
      frame.number_words = true;
    }
    frame.before = word;
  }

  static void begin_command(Frame& frame, const std::string& word) {
    frame.command = word;
    frame.number_words = word == "let";
    frame.command_next = contains(kOpeners, word);
    if (word == "case") frame.cases += 1;
    if (word == "esac" && frame.cases > 0) frame.cases -= 1;
    if (word == "[[") frame.tests = true;
  }

  void end_command(Frame& frame) {
    end_word(frame);
    if (frame.tests) return;  // "&&" and "||" stand inside [[ ]]
    frame.command_next = true;
    frame.number_words = false;
    frame.before.clear();
  }

  void close_command() {
    end_word(top());
    pop();
    pos_ += 1;
  }

  void open_paren(Frame& frame) {
    end_word(frame);
    const bool arithmetic = frame.command_next || frame.before == "for";
    if (arithmetic && at(pos_ + 1) == '(' && closes_doubly(pos_ + 2)) {
      pos_ += 2;
      return push(Kind::kArithmetic, ')');
    }
    frame.parens += 1;
    frame.command_next = true;
    pos_ += 1;
  }

  void close_paren(Frame& frame) {
    if (frame.parens == 0 && frame.cases == 0 && frame.close == ')') return close_command();
    end_word(frame);
    if (frame.parens > 0) frame.parens -= 1;
    frame.command_next = true;  // behind the pattern of a `case`, or `f()`
    pos_ += 1;
  }

  void take_comment(char close) {
    while (pos_ < text_.size() && text_[pos_] != '\n' && (close != '`' || text_[pos_] != '`')) {
      pos_ += 1;
    }
  }

  // --- redirections and heredocs

  void take_redirection() {
    end_word(top());
    if (starts("<<<")) {
      pos_ += 3;
    } else if (starts("<<")) {
      take_heredoc_word();
    } else if (at(pos_ + 1) == '(') {
      pos_ += 2;
      push(Kind::kCommand, ')');
    } else {
      pos_ += 1;
    }
  }

  void take_heredoc_word() {
    Heredoc heredoc;
    pos_ += 2;
    if (at(pos_) == '-') {
      heredoc.strips_tabs = true;
      pos_ += 1;
    }
    while (at(pos_) == ' ' || at(pos_) == '\t') pos_ += 1;
    constexpr std::string_view kEnds = " \t\n;&|<>()";
    while (pos_ < text_.size() && kEnds.find(text_[pos_]) == std::string_view::npos) {
      const char c = text_[pos_];
      if (template_at(pos_)) problem(pos_, "the end word of a heredoc cannot be a template");
      if (c == '\'' || c == '"') {
        heredoc.quoted = true;
        const std::size_t end = std::min(text_.find(c, pos_ + 1), text_.size());
        heredoc.end += text_.substr(pos_ + 1, end - pos_ - 1);
        pos_ = std::min(end + 1, text_.size());
        continue;
      }
      if (c == '\\') {
        heredoc.quoted = true;
        pos_ += 1;
      }
      if (pos_ < text_.size()) heredoc.end += text_[pos_++];
    }
    top().pending.push_back(std::move(heredoc));
  }

  /// At the beginning of the first body's first line.
  void begin_heredocs() {
    std::vector<Heredoc> pending = std::exchange(top().pending, {});
    // The first body comes first: it has to lie on top.
    for (auto heredoc = pending.rbegin(); heredoc != pending.rend(); ++heredoc) {
      push(Kind::kHeredoc, 0);
      if (top().kind == Kind::kHeredoc) top().heredoc = std::move(*heredoc);
    }
    line_start();
  }

  /// Ends every heredoc whose last line this is, and passes over those that are quoted.
  void line_start() {
    while (top().kind == Kind::kHeredoc && pos_ < text_.size()) {
      const Heredoc& heredoc = top().heredoc;
      const std::size_t end = std::min(text_.find('\n', pos_), text_.size());
      std::string_view line = text_.substr(pos_, end - pos_);
      if (heredoc.strips_tabs) {
        line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
      }
      const bool last = line == heredoc.end;
      if (!last && !heredoc.quoted) return;
      if (!last) check_quoted_line(pos_, end);
      pos_ = std::min(end + 1, text_.size());
      if (last) pop();
    }
  }

  void check_quoted_line(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i + 1 < end; ++i) {
      if (text_[i] != '{' || (text_[i + 1] != '{' && text_[i + 1] != '%')) continue;
      problem(i, fmt::format("a template cannot stand in a quoted heredoc (<<'{0}'), where the "
                             "shell replaces nothing; write <<{0} without quotes",
                             top().heredoc.end));
      return;
    }
  }

  void step_heredoc() {
    switch (text_[pos_]) {
      case '\n': pos_ += 1; return line_start();
      case '\\': return take_escape();
      case '$': return take_dollar(true);
      case '`': return take_backtick();
      default: break;
    }
    if (template_at(pos_)) return take_template(Place::kDouble, false);
    pos_ += 1;
  }

  // --- double quotes, ${ }, arithmetic

  void step_double() {
    if (template_at(pos_)) return take_template(Place::kDouble, false);
    switch (text_[pos_]) {
      case '"':
        pop();
        pos_ += 1;
        return;
      case '\\': return take_escape();
      case '$': return take_dollar(true);
      case '`': return take_backtick();
      default: pos_ += 1;
    }
  }

  /// From behind "${" to the word behind the operator.
  void take_parameter_name() {
    if (at(pos_) == '!' || (at(pos_) == '#' && at(pos_ + 1) != '}')) pos_ += 1;
    while (is_name_char(at(pos_)) || at(pos_) == '@' || at(pos_) == '*') pos_ += 1;
    if (at(pos_) == '[') {
      pos_ += 1;
      push(Kind::kArithmetic, ']');
      return;
    }
    take_parameter_operator();
  }

  void take_parameter_operator() {
    Frame& frame = top();
    constexpr std::string_view kPatterns = "#%/^,";
    constexpr std::string_view kWords = "-=+?";
    if (at(pos_) == ':' && at(pos_ + 1) != '\0' &&
        kWords.find(at(pos_ + 1)) == std::string_view::npos) {
      frame.number = true;
    } else if (at(pos_) != '\0' && kPatterns.find(at(pos_)) != std::string_view::npos) {
      frame.pattern = true;
    }
  }

  void step_parameter() {
    const Frame& frame = top();
    const bool quoted = frame.in_double && !frame.pattern;
    if (template_at(pos_)) {
      return take_template(quoted || frame.number ? Place::kDouble : Place::kBare, false);
    }
    switch (text_[pos_]) {
      case '}':
        pop();
        pos_ += 1;
        return;
      case '\\': return take_escape();
      case '\'':
        pos_ += 1;
        if (!quoted) take_single(false);
        return;
      case '"': pos_ += 1; return push(Kind::kDouble, '"');
      case '$': return take_dollar(quoted);
      case '`': return take_backtick();
      default: pos_ += 1;
    }
  }

  void step_arithmetic() {
    if (template_at(pos_)) return take_template(Place::kDouble, true);
    Frame& frame = top();
    const char c = text_[pos_];
    if (c == '\\') return take_escape();
    if (c == '$') return take_dollar(true);
    if (c == '`') return take_backtick();
    pos_ += 1;
    if (c == '"') return push(Kind::kDouble, '"');
    if (c == '(') frame.parens += 1;
    if (c == ')' && frame.close == ')' && frame.parens-- == 0) {
      if (at(pos_) == ')') pos_ += 1;
      return pop();
    }
    if (c == ']' && frame.close == ']') {
      pop();
      // A subscript stands in ${name[…]}, whose operator comes now.
      if (top().kind == Kind::kParameter) take_parameter_operator();
    }
  }

  std::string_view text_;
  std::size_t pos_ = 0;
  std::vector<Frame> frames_;
  ShellScan scan_;
  std::vector<std::ptrdiff_t> levels_;  ///< of each slot
};

}  // namespace

ShellScan scan_shell(std::string_view script) {
  if (!has_template(script)) return {};
  ShellScan scan = Scanner(script).run();
  std::ranges::stable_sort(scan.problems, {}, &Problem::offset);
  return scan;
}

}  // namespace cordyna::tmpl
