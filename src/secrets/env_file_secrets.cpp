#include "secrets/env_file_secrets.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace cordyna {
namespace {

bool is_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> unavailable(const std::string& path, std::string_view why) {
  return fail(ErrorCode::kUnavailable, fmt::format("secrets file {}: {}", path, why));
}

/// Errors where somebody else could know what is in the file, or could have written it.
Result<> check_owner(const std::string& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return unavailable(path, "it is not a regular file");
  if (info.st_uid != geteuid()) {
    return unavailable(path, fmt::format("it belongs to user {}, not to you (user {}); only your "
                                         "own secrets are read",
                                         info.st_uid, geteuid()));
  }
  const unsigned mode = info.st_mode & 07777U;
  if ((mode & 077U) != 0) {
    return unavailable(path,
                       fmt::format("mode {:04o} lets others read it; chmod 600 {}", mode, path));
  }
  if (static_cast<std::size_t>(info.st_size) > kSecretsFileMax) {
    return unavailable(path, "it is larger than 1 MiB");
  }
  return {};
}

/// Nullopt: there is no such file. What is checked is what is read: one descriptor for both.
Result<std::optional<std::string>> read_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return unavailable(path, std::strerror(errno));
  }
  struct stat info{};
  if (fstat(file.get(), &info) != 0) return unavailable(path, std::strerror(errno));
  TRY(check_owner(path, info));
  std::string content;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  while ((count = read(file.get(), buffer.data(), buffer.size())) > 0) {
    content.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.size() > kSecretsFileMax) return unavailable(path, "it is larger than 1 MiB");
  }
  if (count < 0) return unavailable(path, std::strerror(errno));
  return content;
}

/// The text of "…" with its escapes; nullopt: it does not end, or has an unknown escape.
std::optional<std::string> unquoted(std::string_view text) {
  constexpr std::string_view kEscapes = "nrt\"\\";
  constexpr std::string_view kMeanings = "\n\r\t\"\\";
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1 == text.size() ? std::optional(out) : std::nullopt;
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    const std::size_t index = kEscapes.find(text[i]);
    if (index == std::string_view::npos) return std::nullopt;
    out += kMeanings[index];
  }
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::unexpected<Error> bad_line(const std::string& path, std::size_t line, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("secrets file {}, line {}: {}", path, line, why));
}

/// Looks at every line, so that a broken file is noticed whichever name is wanted.
Result<std::optional<std::string>> find_in(const std::string& path, std::string_view content,
                                           std::string_view name) {
  std::optional<std::string> found;
  for (std::size_t line = 1; !content.empty(); ++line) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    const std::string_view text = trimmed(content.substr(0, end));
    content.remove_prefix(std::min(end + 1, content.size()));
    if (text.empty() || text[0] == '#') continue;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !is_name(trimmed(text.substr(0, equals)))) {
      return bad_line(path, line, "it is not NAME=value");
    }
    const std::string_view value = trimmed(text.substr(equals + 1));
    std::optional<std::string> plain =
        value.starts_with('"') ? unquoted(value) : std::optional(std::string(value));
    if (!plain.has_value()) {
      return bad_line(path, line, R"(its quoted value must end in " and know only \n \r \t \" \\)");
    }
    if (trimmed(text.substr(0, equals)) != name) continue;
    if (found.has_value()) {
      return bad_line(path, line, fmt::format("{} stands there a second time", name));
    }
    found = std::move(plain);
  }
  return found;
}

}  // namespace

Result<std::string> EnvFileSecrets::find(std::string_view name) const {
  if (!is_name(name)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is not a name of a secret: letters, digits and _, not a digit "
                            "first",
                            name.substr(0, 100)));
  }
  const std::string variable = fmt::format("DYNA_SECRET_{}", name);
  if (const char* value = std::getenv(variable.c_str()); value != nullptr) {
    return std::string(value);
  }
  if (file_.empty()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("secret '{}' is not set; set {} in the environment", name, variable));
  }
  TRY_ASSIGN(const std::optional<std::string> content, read_file(file_));
  if (content.has_value()) {
    TRY_ASSIGN(std::optional<std::string> value, find_in(file_, *content, name));
    if (value.has_value()) return std::move(*value);
  }
  return fail(ErrorCode::kNotFound,
              fmt::format("secret '{0}' is not set; set {1} in the environment, or write a line "
                          "{0}=… in {2}{3}",
                          name, variable, file_,
                          content.has_value() ? "" : " (which does not exist; give it mode 600)"));
}

}  // namespace cordyna
