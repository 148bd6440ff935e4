#include "secrets/layered_secrets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/wipe.hpp"
#include "ports/secrets.hpp"
#include "secrets/private_file.hpp"

namespace cordyna {
namespace {

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

/// Of a line of the file; KEY may stand there too, and is never asked for.
bool is_line_name(std::string_view name) {
  return name == "KEY" || check_secret_name(name).has_value();
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
    if (equals == std::string_view::npos || !is_line_name(trimmed(text.substr(0, equals)))) {
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

Result<std::string> LayeredSecrets::find(std::string_view name) const {
  TRY(check_secret_name(name));
  const std::string variable = fmt::format("DYNA_SECRET_{}", name);
  if (const char* value = std::getenv(variable.c_str()); value != nullptr) {
    return std::string(value);
  }
  Result<std::string> kept = store_.find(name);
  if (kept.has_value() || kept.error().code != ErrorCode::kNotFound) return kept;
  TRY_ASSIGN(std::optional<std::string> content,
             read_private_file(plain_file_, "secrets file", kSecretsFileMax));
  if (content.has_value()) {
    Result<std::optional<std::string>> value = find_in(plain_file_, *content, name);
    wipe_secret(*content);
    if (!value.has_value()) return std::unexpected<Error>(std::move(value.error()));
    if (value->has_value()) return std::move(**value);
  }
  return fail(ErrorCode::kNotFound,
              fmt::format("secret '{0}' is not set: not as {1} in the environment, not in {2}, not "
                          "in {3}{4}; 'dyna secret set {0}' keeps it encrypted",
                          name, variable, store_file_, plain_file_,
                          content.has_value() ? "" : " (which does not exist)"));
}

}  // namespace cordyna
