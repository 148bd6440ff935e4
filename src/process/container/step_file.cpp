#include "process/container/step_file.hpp"

#include <boost/json.hpp>
#include <exception>
#include <utility>

#include "docker/daemon.hpp"
#include "process/container/policy.hpp"
#include "step/step_process.hpp"

namespace cordyna::container {
namespace {

namespace json = boost::json;

}  // namespace

std::string to_json(const StepFile& step) {
  const Resources& limits = step.resources;
  return json::serialize(json::object{{"params", json::parse(step.params)},
                                      {"flow_folder", step.flow_folder},
                                      {"state_folder", step.state_folder},
                                      {"memory_bytes", limits.memory_bytes},
                                      {"cpu_millis", limits.cpu_millis},
                                      {"disk_bytes", limits.disk_bytes},
                                      {"cpu_time", limits.cpu_time}});
}

Result<StepFile> parse_step_file(std::string_view text) {
  try {
    const json::value value = json::parse({text.data(), text.size()});
    const json::object& object = value.as_object();
    StepFile step;
    step.params = json::serialize(object.at("params"));
    step.flow_folder = json::value_to<std::string>(object.at("flow_folder"));
    step.state_folder = json::value_to<std::string>(object.at("state_folder"));
    step.resources.memory_bytes = json::value_to<std::uint64_t>(object.at("memory_bytes"));
    step.resources.cpu_millis = json::value_to<std::uint32_t>(object.at("cpu_millis"));
    step.resources.disk_bytes = json::value_to<std::uint64_t>(object.at("disk_bytes"));
    step.resources.cpu_time = json::value_to<Millis>(object.at("cpu_time"));
    return step;
  } catch (const std::exception& error) {
    return fail(ErrorCode::kCorrupt, error.what());
  }
}

Result<AllowedTask> allowed_task(const StepFile& step) {
  AllowedTask allowed;
  TRY_ASSIGN(allowed.task, parse_task(step.params, step.flow_folder));
  TRY_ASSIGN(allowed.socket, docker::socket_of(step::variable("DOCKER_HOST")));
  const Policy policy =
      make_policy(step::variable(kMountsVariable), step::variable(kNetworksVariable));
  TRY(apply_policy(policy, {step.flow_folder, step.state_folder, allowed.socket},
                   allowed.task.spec));
  return allowed;
}

}  // namespace cordyna::container
