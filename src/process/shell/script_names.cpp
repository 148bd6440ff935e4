#include "process/shell/script_names.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cordyna::script {
namespace {

using SuffixRow = std::pair<std::string_view, std::string_view>;

constexpr std::array<SuffixRow, 30> kSuffixes{{
    {"R", ".R"},        {"Rscript", ".R"}, {"awk", ".awk"},       {"bash", ".sh"},
    {"bun", ".ts"},     {"dash", ".sh"},   {"deno", ".ts"},       {"elixir", ".exs"},
    {"gawk", ".awk"},   {"go", ".go"},     {"groovy", ".groovy"}, {"guile", ".scm"},
    {"java", ".java"},  {"julia", ".jl"},  {"ksh", ".ksh"},       {"lua", ".lua"},
    {"luajit", ".lua"}, {"mksh", ".ksh"},  {"node", ".cjs"},      {"nodejs", ".cjs"},
    {"octave", ".m"},   {"perl", ".pl"},   {"php", ".php"},       {"pwsh", ".ps1"},
    {"pypy", ".py"},    {"python", ".py"}, {"ruby", ".rb"},       {"sh", ".sh"},
    {"tclsh", ".tcl"},  {"zsh", ".zsh"},
}};

std::string_view base_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_word_char(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// "python3.11" is a python.
std::string_view without_version(std::string_view program) {
  const std::size_t end = program.find_last_not_of("0123456789.-");
  return end == std::string_view::npos ? program : program.substr(0, end + 1);
}

/// Whether a line of JavaScript begins as only a module's may.
bool is_module(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    for (const std::string_view word : {std::string_view("import"), std::string_view("export")}) {
      if (!line.starts_with(word) || line.size() == word.size()) continue;
      const char next = line[word.size()];
      // import(…) and import.meta are expressions.
      if (!is_word_char(next) && next != '(' && next != '.') return true;
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return false;
}

/// "x7" of "a/b.x7"; "" where it is none that a program could want.
std::string_view plain_suffix(std::string_view file) {
  const std::string_view name = base_of(file);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  const std::string_view suffix = name.substr(dot + 1);
  const bool plain = !suffix.empty() && suffix.size() <= 8 &&
                     std::ranges::all_of(suffix, [](char c) { return is_word_char(c) && c > 0; });
  return plain ? suffix : std::string_view();
}

/// Words and signs of Java, without comments, texts and what stands inside of braces.
class JavaTokens {
 public:
  explicit JavaTokens(std::string_view source) : rest_(source) {}

  /// "" at the end; a word, or one sign.
  std::string_view next() {
    while (true) {
      const std::string_view token = any();
      if (token.empty()) return token;
      if (token == "{") ++depth_;
      if (token == "}" && depth_ > 0) --depth_;
      if (depth_ == 0 && token != "}") return token;
    }
  }

 private:
  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  void skip_to(std::string_view end, std::size_t from) {
    const std::size_t at = rest_.find(end, from);
    take(at == std::string_view::npos ? rest_.size() : at + end.size());
  }

  void skip_quoted(char quote) {
    std::size_t at = 1;
    while (at < rest_.size() && rest_[at] != quote && rest_[at] != '\n') {
      at += rest_[at] == '\\' ? 2 : 1;
    }
    take(std::min(at + 1, rest_.size()));
  }

  std::string_view any() {
    while (!rest_.empty()) {
      if (rest_.starts_with("//")) {
        skip_to("\n", 2);
      } else if (rest_.starts_with("/*")) {
        skip_to("*/", 2);
      } else if (rest_.starts_with("\"\"\"")) {
        skip_to("\"\"\"", 3);
      } else if (rest_.front() == '"' || rest_.front() == '\'') {
        skip_quoted(rest_.front());
      } else if (is_word_char(rest_.front())) {
        const auto end = std::ranges::find_if_not(rest_, is_word_char);
        return take(static_cast<std::size_t>(end - rest_.begin()));
      } else if (std::string_view(" \t\r\n\f").find(rest_.front()) != std::string_view::npos) {
        take(1);
      } else {
        return take(1);
      }
    }
    return {};
  }

  std::string_view rest_;
  int depth_ = 0;
};

}  // namespace

std::string_view program_of(const std::vector<std::string>& interpreter) {
  if (interpreter.empty()) return {};
  const bool by_env = base_of(interpreter[0]) == "env" && interpreter.size() > 1;
  return base_of(by_env ? interpreter[1] : interpreter[0]);
}

std::string script_file(const std::vector<std::string>& interpreter, std::string_view text,
                        std::string_view file) {
  const std::string_view program = without_version(program_of(interpreter));
  const auto found = std::ranges::find(kSuffixes, program, &SuffixRow::first);
  if (found == kSuffixes.end()) {
    const std::string_view suffix = plain_suffix(file);
    return suffix.empty() ? std::string("script") : "script." + std::string(suffix);
  }
  if (found->second == ".cjs" && is_module(text)) return "script.mjs";
  return "script" + std::string(found->second);
}

std::string source_file(std::string_view language, std::string_view file) {
  const std::string_view suffix = language == "rust" ? std::string_view("rs") : language;
  const std::string_view name = base_of(file);
  const std::size_t dot = name.find('.');
  const std::string_view stem = name.substr(0, dot);
  // No "_": a Go file that ends in _test or _windows means something else.
  const bool plain =
      dot != std::string_view::npos && name.substr(dot + 1) == suffix && stem.size() <= 64 &&
      !stem.empty() && is_letter(stem.front()) &&
      std::ranges::all_of(stem, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
  return plain ? std::string(name) : "script." + std::string(suffix);
}

JavaMain java_main(std::string_view source) {
  constexpr std::array<std::string_view, 4> kKinds{"class", "record", "enum", "interface"};
  JavaTokens tokens(source);
  JavaMain main;
  std::string package;
  bool is_public = false;
  for (std::string_view token = tokens.next(); !token.empty(); token = tokens.next()) {
    if (token == "package" && package.empty() && main.type.empty()) {
      for (token = tokens.next(); !token.empty() && token != ";"; token = tokens.next()) {
        package += token;
      }
      package += '.';
    } else if (token == "public") {
      is_public = true;
    } else if (token == ";") {
      is_public = false;
    } else if (std::ranges::find(kKinds, token) != kKinds.end()) {
      const std::string_view name = tokens.next();
      if (name.empty() || !is_word_char(name.front())) continue;
      if (main.type.empty() || is_public) main.type = name;
      if (is_public) break;
    }
  }
  // Without one the compiler says what is wrong; a name that no file can have is none.
  constexpr std::size_t kTypeBytesMax = 200;
  if (main.type.empty() || main.type.size() > kTypeBytesMax) main.type = "Main";
  main.name = package + main.type;
  return main;
}

}  // namespace cordyna::script
