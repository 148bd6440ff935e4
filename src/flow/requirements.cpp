#include "flow/requirements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "flow/text_file.hpp"

namespace cordyna::flow {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;
constexpr int kFilesDeepMax = 8;
constexpr std::string_view kBlanks = " \t\r\n\f\v";

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

std::unexpected<Error> wrong(std::string why) {
  return fail(ErrorCode::kInvalidArgument, std::move(why));
}

/// Reads one requirement from its begin to its end.
class RequirementText {
 public:
  explicit RequirementText(std::string_view text) : rest_(text) {}

  Result<> read() {
    if (!take_name()) return wrong("a requirement begins with the name of a package");
    TRY(take_extras());
    skip();
    if (take('@')) return take_address();
    TRY(take_versions());
    skip();
    if (take(';')) {
      if (trim(rest_).empty()) return wrong("behind ';' stands when it is wanted");
      return {};
    }
    if (rest_.empty()) return {};
    return wrong(fmt::format("{} cannot be read; as in name>=1.2,<2; python_version < '3.12'",
                             quoted(rest_)));
  }

 private:
  void skip() { rest_ = trim(rest_); }

  bool take(char c) {
    skip();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  template <class Good>
  std::string_view take_while(const Good& good) {
    std::size_t size = 0;
    while (size < rest_.size() && good(rest_[size])) ++size;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  bool take_name() {
    skip();
    const std::string_view name =
        take_while([](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; });
    return !name.empty() && is_alnum(name.front()) && is_alnum(name.back());
  }

  Result<> take_extras() {
    if (!take('[') || take(']')) return {};
    do {
      if (!take_name()) return wrong("between [ and ] stand names of extras");
    } while (take(','));
    if (!take(']')) return wrong("a ']' is missing");
    return {};
  }

  Result<> take_address() {
    skip();
    const std::string_view address =
        take_while([](char c) { return kBlanks.find(c) == std::string_view::npos; });
    const std::size_t colon = address.find("://");
    if (colon == 0 || colon == std::string_view::npos) {
      return wrong("behind '@' stands a URL, as https://… or file:///…");
    }
    skip();
    if (rest_.empty() || (take(';') && !trim(rest_).empty())) return {};
    return wrong(fmt::format("{} behind the URL cannot be read", quoted(rest_)));
  }

  Result<> take_versions() {
    const bool inside = take('(');
    skip();
    if (!rest_.empty() && std::string_view("=<>!~").find(rest_[0]) != std::string_view::npos) {
      do {
        TRY(take_version());
      } while (take(','));
    }
    if (inside && !take(')')) return wrong("a ')' is missing");
    return {};
  }

  Result<> take_version() {
    constexpr std::array<std::string_view, 8> kOperators{
        "===", "==", "~=", "!=", "<=", ">=", "<", ">"};
    skip();
    const auto found = std::ranges::find_if(
        kOperators, [this](std::string_view one) { return rest_.starts_with(one); });
    if (found == kOperators.end()) {
      return wrong("before a version stands one of ==, >=, <=, <, >, ~= and !=");
    }
    rest_.remove_prefix(found->size());
    skip();
    const std::string_view version = take_while([](char c) {
      return is_alnum(c) || std::string_view("._*+!-").find(c) != std::string_view::npos;
    });
    if (version.empty()) return wrong(fmt::format("there is no version behind {}", *found));
    return {};
  }

  std::string_view rest_;
};

Result<> check_hash(std::string_view hash) {
  const std::size_t colon = hash.find(':');
  const std::string_view digits = hash.substr(std::min(colon, hash.size() - 1) + 1);
  const bool hexadecimal = std::ranges::all_of(digits, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  if (colon == std::string_view::npos || digits.size() < 32 || !hexadecimal) {
    return wrong("a hash is --hash=sha256:, and its hexadecimal digits");
  }
  return {};
}

/// What says where packages come from. All else that installers have would make the environment
/// another thing than its requirements.
Result<> check_option(std::string_view line) {
  constexpr std::array<std::string_view, 2> kAlone{"--no-index", "--require-hashes"};
  constexpr std::array<std::string_view, 5> kWithValue{
      "--index-url", "--extra-index-url", "--find-links", "--no-binary", "--only-binary"};
  const std::size_t end = std::min(line.find_first_of("= \t"), line.size());
  const std::string_view name = line.substr(0, end);
  const std::string_view value = trim(line.substr(std::min(end + 1, line.size())));
  if (std::ranges::find(kAlone, name) != kAlone.end() && value.empty()) return {};
  if (std::ranges::find(kWithValue, name) == kWithValue.end()) {
    return wrong(fmt::format(
        "{} is no option that is known here; there are {}, and --hash behind a requirement",
        quoted(name),
        "--index-url, --extra-index-url, --find-links, --no-index, --no-binary, --only-binary "
        "and --require-hashes"));
  }
  if (value.empty()) return wrong(fmt::format("'{}' wants a value", name));
  if (name == "--find-links" && !value.starts_with('/') &&
      value.find("://") == std::string_view::npos) {
    return wrong("'--find-links' wants a URL or an absolute path");
  }
  return {};
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

/// One file, and those that it names.
class FileReader {
 public:
  explicit FileReader(Reporter& reporter) : reporter_(reporter) {}

  /// `name`: in messages. Errors: it cannot be read.
  Result<> read(const std::string& path, const std::string& name, int depth) {
    TRY_ASSIGN(const std::string text, read_text_file(path, kFileBytesMax));
    Reporter own(reporter_.findings(), name, text);
    std::uint32_t line_no = 0;
    std::string_view rest(text);
    if (rest.starts_with("\xef\xbb\xbf")) rest.remove_prefix(3);
    while (!rest.empty()) {
      const Mark at{line_no + 1, 1};
      const std::string line = next_line(rest, line_no);
      if (line.empty()) continue;
      if (line.starts_with("-r ") || line.starts_with("--requirement")) {
        follow(own, at, path, name, trim(line.substr(line.find_first_of(" =") + 1)), depth);
        continue;
      }
      auto checked = check_requirement(line);
      if (checked.has_value()) {
        lines_.push_back(*std::move(checked));
      } else {
        refuse(own, at, fmt::format("{}: {}", quoted(line), checked.error().message));
      }
    }
    return {};
  }

  [[nodiscard]] bool is_good() const { return good_; }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  /// With those that it goes on in, without its comment.
  static std::string next_line(std::string_view& rest, std::uint32_t& line_no) {
    std::string whole;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      ++line_no;
      for (std::size_t at = line.find('#'); at != std::string_view::npos;
           at = line.find('#', at + 1)) {
        if (at > 0 && kBlanks.find(line[at - 1]) == std::string_view::npos) continue;
        line = line.substr(0, at);
        break;
      }
      line = trim(line);
      const bool goes_on = line.ends_with('\\');
      if (goes_on) line = trim(line.substr(0, line.size() - 1));
      if (!whole.empty() && !line.empty()) whole += ' ';
      whole += line;
      if (!goes_on) break;
    }
    return whole;
  }

  void follow(Reporter& own, Mark at, const std::string& path, const std::string& name,
              std::string_view to, int depth) {
    if (depth == kFilesDeepMax) {
      refuse(own, at,
             fmt::format("files of requirements name each other more than {} deep", kFilesDeepMax));
      return;
    }
    const auto beside = [to](const std::string& file) {
      if (to.starts_with('/') || file.find('/') == std::string::npos) return std::string(to);
      return fmt::format("{}/{}", folder_of(file), to);
    };
    if (auto read_it = read(beside(path), beside(name), depth + 1); !read_it.has_value()) {
      refuse(own, at, fmt::format("the file of requirements {}", read_it.error().message));
    }
  }

  void refuse(Reporter& own, Mark at, std::string why) {
    own.error(at, Code::kBadValue, std::move(why));
    good_ = false;
  }

  Reporter& reporter_;
  std::vector<std::string> lines_;
  bool good_ = true;
};

}  // namespace

Result<std::string> check_requirement(std::string_view line) {
  const std::string_view text = trim(line);
  if (text.empty()) return wrong("a requirement is empty");
  if (std::ranges::any_of(
          text, [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\t'; })) {
    return wrong("a requirement is one line");
  }
  if (text.starts_with("-e") || text.starts_with("--editable") || text.starts_with('.') ||
      text.starts_with('/')) {
    return wrong(
        "a folder may be another one with each attempt, and an environment is known by its lines; "
        "give modules of the flow's folder by 'function' or 'path', or name @ file:///…/it.whl");
  }
  if (text.starts_with("-c") || text.starts_with("--constraint")) {
    return wrong("constraints are not known here: write the versions to the requirements");
  }
  if (text.starts_with('-')) {
    TRY(check_option(text));
    return std::string(text);
  }
  std::size_t end = text.size();
  for (std::size_t at = text.find(" --"); at != std::string_view::npos;
       at = text.find(" --", at + 1)) {
    end = std::min(end, at);
    const std::string_view option = text.substr(at + 1, text.find(' ', at + 1) - at - 1);
    constexpr std::string_view kHash = "--hash=";
    if (!option.starts_with(kHash)) {
      return wrong(fmt::format("{}: behind a requirement stands --hash=… alone", quoted(option)));
    }
    TRY(check_hash(option.substr(kHash.size())));
  }
  TRY(RequirementText(trim(text.substr(0, end))).read());
  return std::string(text);
}

std::optional<std::vector<std::string>> RequirementFiles::load(const Node& path,
                                                               Reporter& reporter) const {
  const auto from = [&](std::string_view folder) {
    return path.text.starts_with('/') ? std::string(path.text)
                                      : fmt::format("{}/{}", folder, path.text);
  };
  const std::string& flow_file = reporter.file();
  const std::size_t slash = flow_file.rfind('/');
  const std::string name = slash == std::string::npos
                               ? std::string(path.text)
                               : from(std::string_view(flow_file).substr(0, slash));
  FileReader reader(reporter);
  if (const auto read = reader.read(from(folder_), name, 0); !read.has_value()) {
    reporter.error(path, Code::kRequirementsFile,
                   fmt::format("the file of requirements {}; a single text is the path of one, "
                               "from the flow's folder, and packages stand in a list: [{}]",
                               read.error().message, path.text));
    return std::nullopt;
  }
  if (!reader.is_good()) return std::nullopt;
  return reader.take();
}

}  // namespace cordyna::flow
