/// For tests: one task to prepare, secrets that are a map.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "model/attempt.hpp"
#include "ports/launch.hpp"
#include "ports/secrets.hpp"

namespace cordyna::test {

class MapSecrets final : public Secrets {
 public:
  explicit MapSecrets(std::map<std::string, std::string, std::less<>> values)
      : values_(std::move(values)) {}

  [[nodiscard]] Result<std::string> find(std::string_view name) const override {
    const auto found = values_.find(name);
    if (found != values_.end()) return found->second;
    return fail(ErrorCode::kNotFound, "secret '" + std::string(name) + "' is not set");
  }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

inline StartAttempt command_for(const std::string& params, const std::string& context,
                                std::vector<std::pair<std::string, std::string>> env = {},
                                const std::string& folder = "/tmp") {
  auto flow = std::make_shared<Flow>();
  flow->folder = folder;
  TaskSpec task;
  task.id = "work";
  task.params = params;
  task.env = std::move(env);
  flow->tasks.push_back(std::move(task));
  StartAttempt command;
  command.key = {1, "work", 1};
  command.flow = std::move(flow);
  command.context = context;
  return command;
}

inline AttemptPaths paths_in(const std::string& folder) {
  return {folder, folder + "/outputs", folder + "/report", folder + "/artifacts", folder + "/work",
          ""};
}

}  // namespace cordyna::test
