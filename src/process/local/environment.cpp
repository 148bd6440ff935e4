#include "process/local/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "process/local/files.hpp"

namespace cordyna::local {
namespace {

constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";
constexpr std::array kAllowed{std::string_view("PATH"),  std::string_view("HOME"),
                              std::string_view("USER"),  std::string_view("LOGNAME"),
                              std::string_view("LANG"),  std::string_view("TZ"),
                              std::string_view("TMPDIR")};
constexpr std::array kServerAllowed{
    std::string_view("PATH"),         std::string_view("LD_LIBRARY_PATH"),
    std::string_view("ASAN_OPTIONS"), std::string_view("UBSAN_OPTIONS"),
    std::string_view("TSAN_OPTIONS"), std::string_view("LSAN_OPTIONS")};

template <class List>
bool has(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

Result<> check(const std::pair<std::string, std::string>& variable) {
  const auto& [name, value] = variable;
  if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument,
                "'" + clean_text(name, 80) + "' cannot be the name of an environment variable");
  }
  if (value.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument,
                "the environment variable '" + name +
                    "' has a NUL byte in its value; no program can be given one");
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> task_environment(const Variables& env, const Variables& own) {
  std::map<std::string, std::string> all{{"PATH", std::string(kDefaultPath)}};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    if (equals == std::string_view::npos || !(has(kAllowed, name) || name.starts_with("LC_"))) {
      continue;
    }
    all[std::string(name)] = text.substr(equals + 1);
  }
  for (const Variables* list : {&env, &own}) {
    for (const auto& variable : *list) {
      TRY(check(variable));
      all[variable.first] = variable.second;
    }
  }
  std::vector<std::string> out;
  out.reserve(all.size());
  for (const auto& [name, value] : all) out.push_back(name + "=" + value);
  return out;
}

std::vector<std::string> server_environment() {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (has(kServerAllowed, text.substr(0, text.find('=')))) out.emplace_back(text);
  }
  return out;
}

unsigned current_umask() {
  // umask() can only be read by setting it, which another thread could notice.
  // Nothing of ours changes it in the owner, so it is read once.
  static const unsigned mask = [] {
    constexpr std::string_view kField = "\nUmask:\t";
    const std::string status = read_proc_file("/proc/self/status");
    const std::size_t at = status.find(kField);
    unsigned found = 022;
    if (at == std::string::npos) return found;
    const char* const begin = status.data() + at + kField.size();
    std::from_chars(begin, status.data() + status.size(), found, 8);
    return found;
  }();
  return mask;
}

}  // namespace cordyna::local
