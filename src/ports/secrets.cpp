#include "ports/secrets.hpp"

#include <algorithm>

namespace cordyna {
namespace {

// A table of ours, for <cctype> knows letters of other languages.
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name(std::string_view name) {
  return !name.empty() && is_letter(name[0]) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

Result<> check_secret_name(std::string_view name) {
  if (!is_name(name)) {
    const std::string_view shown = name.substr(0, std::min<std::size_t>(name.find('='), 100));
    return fail(ErrorCode::kInvalidArgument,
                "'" + std::string(shown) + (shown.size() < name.size() ? "…" : "") +
                    "' is not a name of a secret: letters, digits and _, not a digit first");
  }
  if (name.size() > kSecretNameMax) {
    return fail(ErrorCode::kInvalidArgument, "the name of a secret has more than " +
                                                 std::to_string(kSecretNameMax) + " characters");
  }
  if (name == "KEY") {
    return fail(ErrorCode::kInvalidArgument,
                "no secret can be called KEY: DYNA_SECRET_KEY is the key that the others are "
                "encrypted with");
  }
  return {};
}

}  // namespace cordyna
