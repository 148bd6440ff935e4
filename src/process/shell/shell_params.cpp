#include "process/shell/shell_params.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace cordyna {
namespace {

namespace json = boost::json;

Result<json::object> read(std::string_view params) {
  boost::system::error_code error;
  json::value value = json::parse(params, error);
  if (error || !value.is_object()) {
    return fail(ErrorCode::kInvalidArgument, "the keys of the task are not a JSON object");
  }
  return std::move(value.get_object());
}

std::string text_of(const json::string& string) {
  return {string.data(), string.size()};
}

Result<std::string> string_of(const json::object& params, std::string_view key,
                              std::string_view fallback) {
  const json::value* value = params.if_contains({key.data(), key.size()});
  if (value == nullptr && !fallback.empty()) return std::string(fallback);
  if (value == nullptr || !value->is_string()) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{}: a text is wanted here", key));
  }
  return text_of(value->get_string());
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \t\n", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(" \t\n", at), text.size());
    out.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

/// A list, or a text that is split at spaces: "/bin/bash -eu".
Result<std::vector<std::string>> command_of(const json::object& params, std::string_view key,
                                            std::vector<std::string> fallback) {
  const json::value* value = params.if_contains({key.data(), key.size()});
  if (value == nullptr && !fallback.empty()) return fallback;
  std::vector<std::string> out;
  bool texts = true;
  if (value != nullptr && value->is_string()) {
    out = words(text_of(value->get_string()));
  } else if (value != nullptr && value->is_array()) {
    for (const json::value& item : value->get_array()) {
      texts = texts && item.is_string();
      if (item.is_string()) out.push_back(text_of(item.get_string()));
    }
  }
  if (out.empty() || !texts || out[0].empty()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: a program with its options is wanted here, such as {}", key,
                            key == "compiler" ? "[gcc, -O3]" : "[/bin/bash, -eu]"));
  }
  return out;
}

/// A list of texts; none where there is no such key.
Result<std::vector<std::string>> strings_of(const json::object& params, std::string_view key) {
  std::vector<std::string> out;
  const json::value* value = params.if_contains({key.data(), key.size()});
  if (value == nullptr) return out;
  const json::array* list = value->if_array();
  if (list == nullptr || !std::ranges::all_of(*list, &json::value::is_string)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: a list of texts is wanted here", key));
  }
  for (const json::value& item : *list) out.push_back(text_of(item.get_string()));
  return out;
}

}  // namespace

bool is_compiled(std::string_view params) {
  if (params.find("\"language\"") == std::string_view::npos) return false;
  const auto object = read(params);
  return object.has_value() && object->contains("language");
}

Result<ShellParams> read_shell_params(std::string_view params) {
  TRY_ASSIGN(const json::object object, read(params));
  ShellParams out;
  if (const json::value* file = object.if_contains("file"); file != nullptr) {
    if (!file->is_object()) {
      return fail(ErrorCode::kInvalidArgument, "file: its name and its text are wanted here");
    }
    TRY_ASSIGN(out.file, string_of(file->get_object(), "name", ""));
    TRY_ASSIGN(out.script, string_of(file->get_object(), "text", ""));
  } else {
    TRY_ASSIGN(out.script, string_of(object, "script", ""));
  }
  if (object.contains("language")) {
    TRY_ASSIGN(out.language, string_of(object, "language", ""));
    TRY_ASSIGN(out.compiler, command_of(object, "compiler", {}));
    return out;
  }
  TRY_ASSIGN(out.interpreter, command_of(object, "interpreter", {"/bin/sh", "-e"}));
  return out;
}

Result<PythonParams> read_python_params(std::string_view params) {
  TRY_ASSIGN(const json::object object, read(params));
  PythonParams out;
  if (object.contains("function")) {
    TRY_ASSIGN(out.function, string_of(object, "function", ""));
  } else {
    TRY_ASSIGN(out.script, string_of(object, "script", ""));
  }
  if (const json::value* arguments = object.if_contains("arguments"); arguments != nullptr) {
    out.arguments = json::serialize(*arguments);
  }
  TRY_ASSIGN(out.requirements, strings_of(object, "requirements"));
  TRY_ASSIGN(out.path, strings_of(object, "path"));
  TRY_ASSIGN(out.python, string_of(object, "python", "python3"));
  return out;
}

}  // namespace cordyna
