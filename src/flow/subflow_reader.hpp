/// Reads which other flow a task runs, or needs to have run.
///
/// Threads: none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "flow/draft.hpp"

namespace cordyna::flow {

/// NAMESPACE/ID, or the ID of a flow in the namespace `own`; "/ID" is one in no namespace. Nullopt:
/// not of this form.
[[nodiscard]] std::optional<Subflow> parse_flow_name(std::string_view text, std::string_view own);

/// The other flow that a map in `needs` names. Nullopt: it cannot be read, which was reported.
[[nodiscard]] std::optional<Subflow> flow_of_need(const Node& need, std::string_view own);

/// The path of the task that such a need is: "flow:acme.orders/load".
[[nodiscard]] std::string need_path(const Subflow& subflow);

/// Appends the tasks that needs of other flows are: one for each flow, with the strictest `within`.
/// `first`: of the tasks of the section.
void add_flow_needs(FlowDraft& draft, TaskIndex first, Reporter& reporter);

}  // namespace cordyna::flow
