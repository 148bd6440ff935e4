#include "process/data/step_secrets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace cordyna::data {

std::vector<std::string> secrets_of(const Step& step) {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  if (const auto* secure = std::get_if<SecureParams>(&step.params)) return secure->keys();
  if (const auto* load = std::get_if<LoadParams>(&step.params)) {
    if (load->database.has_value()) add(load->database->connection.password);
    if (load->bigquery.has_value()) add(load->bigquery->connection.key);
  }
  if (const auto* share = std::get_if<ShareParams>(&step.params)) {
    for (const TableTarget& target : share->tables) add(target.connection.password);
    for (const BigqueryTarget& target : share->bigquery) add(target.connection.key);
  }
  return names;
}

StepResult<std::string> handed_secret(const Step& step, std::string_view name) {
  const std::vector<std::string> names = secrets_of(step);
  const auto at = std::ranges::find(names, name) - names.begin();
  const char* value = std::getenv(fmt::format("{}{}", kKeyVariable, at).c_str());
  if (value != nullptr) return std::string(value);
  return step_fail(TaskErrorCode::kSecretMissing,
                   fmt::format("the secret {} was not handed over", name), Phase::kPrepare);
}

}  // namespace cordyna::data
