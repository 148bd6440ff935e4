#include "service/report_files.hpp"

#include <boost/json.hpp>
#include <filesystem>
#include <system_error>

namespace cordyna {

namespace json = boost::json;

std::vector<std::pair<std::string, std::string>> files_of_report(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> files;
  boost::system::error_code error;
  const json::value whole = json::parse(text, error);
  if (error.failed() || !whole.is_object()) return files;
  const json::value* outputs = whole.get_object().if_contains("outputs");
  if (outputs == nullptr || !outputs->is_object()) return files;
  for (const auto& item : outputs->get_object()) {
    std::string name(item.key().data(), item.key().size());
    const json::string* path = item.value().if_string();
    if (path == nullptr || (name != "data" && !name.ends_with("_file"))) continue;
    files.emplace_back(std::move(name), std::string(path->data(), path->size()));
  }
  return files;
}

std::vector<std::string> gone_files_of_report(const std::string& text) {
  std::vector<std::string> gone;
  for (auto& [name, file] : files_of_report(text)) {
    std::error_code error;
    if (!std::filesystem::exists(file, error) && !error) gone.push_back(std::move(name));
  }
  return gone;
}

}  // namespace cordyna
