// Tasks that a task server carries out.
#include <fmt/format.h>

#include "base/words.hpp"
#include "flow/task_reader.hpp"
#include "model/task_server.hpp"
#include "shape/schema.hpp"

namespace cordyna::flow {

void TaskReader::read_invoke(TaskDraft& draft) {
  TaskSpec& spec = draft.spec;
  spec.kind = TaskKind::kServed;
  for (const std::string_view key : {"env", "resources", "pool", "cache"}) {
    refuse_key(draft, key, "a task server runs this, which has its own");
  }
  spec.env.clear();
  spec.resources = Resources{};
  spec.pool.clear();
  if (spec.timeouts.acknowledge == 0) spec.timeouts.acknowledge = kServedAcknowledge;
  if (spec.timeouts.start == 0) spec.timeouts.start = kServedStart;
  if (spec.timeouts.complete == 0) spec.timeouts.complete = kServedComplete;
  if (ns_.empty()) {
    reporter_.error(*draft.node, Code::kMissingKey,
                    "a task server belongs to a team, which is the namespace of the flow; this "
                    "flow has no 'namespace'");
  }
  const Node* server = draft.node->find("server");
  const auto check = [this](const Node* at, std::string_view key) {
    if (at == nullptr || !at->is_scalar() || is_id(at->text)) return;
    reporter_.error(*at, Code::kBadId,
                    fmt::format("'{}' is small letters, digits, '.', '_' and '-', at most 128, and "
                                "begins with a letter or digit; not {}",
                                key, quoted(at->text)));
  };
  check(server, "server");
  check(draft.node->find("task"), "task");
  read_schemas(draft);
  const Node* slot_class = draft.node->find("slot_class");
  check(slot_class, "slot_class");
  if (server == nullptr || !server->is_scalar()) return;
  const bool classed = slot_class != nullptr && slot_class->is_scalar();
  spec.pool = line_of(ns_, server->text, classed ? slot_class->text : std::string_view());
}

void TaskReader::read_schemas(TaskDraft& draft) {
  const auto check = [&](std::string_view key) -> std::shared_ptr<const ValueCheck> {
    const Node* node = draft.node->find(key);
    if (node == nullptr || !node->is_scalar()) return nullptr;
    draft.schemas.push_back(node);
    return shape::schema_when_needed(std::string(node->text));
  };
  Contract& contract = draft.spec.contract;
  const bool has_own = draft.node->find("inputs") != nullptr;
  (has_own ? contract.own_inputs : contract.run_inputs) = check("input_schema");
  contract.output = check("output_schema");
}

void check_schemas(const FlowDraft& draft, Reporter& reporter) {
  for (const TaskDraft& task : draft.tasks) {
    for (const Node* node : task.schemas) {
      const shape::SchemaOrFlaws made = shape::compile_schema(node->text);
      const auto* flaws = std::get_if<std::vector<Flaw>>(&made);
      if (flaws == nullptr) continue;
      for (const Flaw& flaw : *flaws) {
        reporter.error(*node, Code::kBadValue,
                       fmt::format("is no JSON Schema: {}: {}", flaw.at, flaw.detail));
      }
    }
  }
}

}  // namespace cordyna::flow
