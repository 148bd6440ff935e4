#include "plugin/preparer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>

#include "plugin/asker.hpp"
#include "plugin/step_file.hpp"
#include "protocol/cause.hpp"
#include "shape/schema.hpp"
#include "template/task_renderer.hpp"
#include "template/template.hpp"

namespace cordyna::plugin {
namespace {

namespace json = boost::json;

std::unexpected<TaskError> refuse_plugin(TaskErrorCode code, std::string message) {
  return std::unexpected<TaskError>(make_task_error(code, Phase::kPrepare, std::move(message)));
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value == nullptr || !value->is_string() ? std::string() : std::string(value->get_string());
}

/// Makes one task's step.
class PluginTask {
 public:
  PluginTask(const StartAttempt& command, const Secrets& secrets)
      : command_(command), renderer_(secrets, command) {}

  std::expected<void, TaskError> make() {
    json::error_code problem;
    const json::value params = json::parse(renderer_.task().params, problem);
    if (problem || !params.is_object()) {
      return refuse_plugin(TaskErrorCode::kInternal, "the keys of the task are no JSON object");
    }
    const json::object& keys = params.get_object();
    step.type = renderer_.task().type;
    if (const json::value* declared = keys.if_contains("declared");
        declared != nullptr && declared->is_object()) {
      step.version = text_at(declared->get_object(), "version");
      step.output_schema = text_at(declared->get_object(), "output_schema");
    }
    const Timeouts& limits = command_.timeouts;
    step.acknowledge = limits.acknowledge > 0 ? limits.acknowledge : kPluginAcknowledge;
    step.start = limits.start;
    step.complete = limits.complete;
    step.trigger = protocol::trigger_json(command_);
    const json::value* inputs = keys.if_contains("inputs");
    if (inputs != nullptr) return render(json::serialize(*inputs));
    return check();
  }

  PluginStep step;
  PluginSecrets secrets;
  TaskRenderer& renderer() { return renderer_; }

 private:
  std::expected<void, TaskError> render(const std::string& inputs) {
    bool has_secret = false;
    const tmpl::Lookup lookup = renderer_.lookup();
    tmpl::Lookup seeing = lookup;
    seeing.secret = [&](std::string_view name) {
      has_secret = true;
      return lookup.secret(name);
    };
    auto whole = tmpl::render_json(inputs, command_.context, seeing);
    if (!whole.has_value()) {
      return std::unexpected<TaskError>(renderer_.error("inputs", whole.error()));
    }
    step.inputs = *whole;
    if (has_secret) {
      secrets.inputs = *std::move(whole);
      tmpl::Lookup hiding = lookup;
      hiding.secret = [](std::string_view) { return Result<std::string>(std::string("***")); };
      // What a template makes of stars may be an error, where what it makes of the secret is none.
      step.inputs = tmpl::render_json(inputs, command_.context, hiding).value_or("{}");
    }
    return check();
  }

  std::expected<void, TaskError> check() {
    const auto& schema = renderer_.task().contract.own_inputs;
    if (schema == nullptr) return {};
    const auto flaws = schema->flaws_of(secrets.inputs.empty() ? step.inputs : secrets.inputs);
    if (flaws.empty()) return {};
    return refuse_plugin(TaskErrorCode::kInputInvalid, shape::as_line(flaws, "#/inputs"));
  }

  const StartAttempt& command_;
  TaskRenderer renderer_;
};

}  // namespace

std::expected<Launch, TaskError> PluginPreparer::prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) {
  const std::string& type = command.flow->tasks[command.task].type;
  if (are_plugins_off()) {
    return refuse_plugin(TaskErrorCode::kAccessDenied,
                         fmt::format("plugins are switched off here ({}=off)", kPolicyVariable));
  }
  auto program = find_(command.flow->folder, type);
  if (!program.has_value()) {
    return refuse_plugin(TaskErrorCode::kToolMissing, std::move(program.error().message));
  }
  PluginTask task(command, secrets_);
  if (auto made = task.make(); !made.has_value()) {
    return std::unexpected<TaskError>(std::move(made.error()));
  }
  task.step.argv = std::move(program->argv);
  Launch launch;
  launch.argv = {dyna_, "plugin-step", fmt::format("{}/{}", paths.folder, kStepFile)};
  launch.folder = command.flow->folder;
  launch.ends_its_own = true;
  auto env = task.renderer().env();
  if (!env.has_value()) return std::unexpected<TaskError>(std::move(env.error()));
  launch.env = *std::move(env);
  launch.masks = task.renderer().masks();
  task.secrets.masks = launch.masks;
  // One that is part of another must not leave the rest of it.
  std::ranges::stable_sort(task.secrets.masks, std::ranges::greater{}, &std::string::size);
  if (!launch.masks.empty() || !task.secrets.inputs.empty()) {
    std::string text = to_json(task.secrets);
    if (text.size() > kSecretsBytesMax) {
      return refuse_plugin(TaskErrorCode::kInputInvalid,
                           fmt::format("inputs that hold secrets have {} bytes, and can have {}",
                                       text.size(), kSecretsBytesMax));
    }
    launch.env.emplace_back(kSecretsVariable, std::move(text));
  }
  // For the key of a cache, the program belongs to what the task does.
  for (const std::string& word : task.step.argv) {
    if (word.starts_with('/')) launch.reads.push_back(word);
  }
  launch.files.push_back({kStepFile, to_json(task.step)});
  return launch;
}

}  // namespace cordyna::plugin
