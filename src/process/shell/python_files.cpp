#include "process/shell/python_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "base/check.hpp"
#include "process/shell/python_texts.hpp"

namespace cordyna {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kModuleFilesMax = 1000;

std::string values_text() {
  json::array texts;
  for (const NamedText& one : python_value_texts()) {
    const std::string_view name = one.name.substr(0, one.name.rfind('.'));
    texts.push_back(json::array{json::string_view(name.data(), name.size()),
                                json::string_view(one.text.data(), one.text.size())});
  }
  return json::serialize(texts);
}

}  // namespace

LaunchFile python_file(std::string_view name) {
  const auto texts = python_texts();
  const auto found = std::ranges::find(texts, name, &NamedText::name);
  CHECK(found != texts.end());
  return {std::string(name), std::string(found->text)};
}

LaunchFile python_values_file() {
  static const std::string text = values_text();
  return {"cordyna_values.json", text};
}

Result<std::vector<std::string>> module_files(const std::string& folder, std::string_view module) {
  const std::string top = fmt::format("{}/{}", folder, module.substr(0, module.find('.')));
  std::vector<std::string> found;
  std::error_code error;
  if (fs::is_regular_file(top + ".py", error)) found.push_back(top + ".py");
  // Not through links: a package has its files.
  for (auto at = fs::recursive_directory_iterator(top, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at->path().extension() != ".py" || !at->is_regular_file(error)) continue;
    if (found.size() == kModuleFilesMax) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{} has more than {} files of Python", top, kModuleFilesMax));
    }
    found.push_back(at->path().string());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace cordyna
