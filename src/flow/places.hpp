/// Places: what cordyna.yaml says of them, and what a task wants of one.
///
/// Threads: none.
#pragma once

#include <string_view>
#include <vector>

#include "flow/diagnostics.hpp"
#include "flow/draft.hpp"
#include "flow/values.hpp"
#include "flow/yaml_tree.hpp"
#include "model/place.hpp"

namespace cordyna::flow {

/// `places:` of cordyna.yaml, in order of their names; what is wrong is reported.
[[nodiscard]] std::vector<PlaceSpec> read_places(const Node& places, ValueReader& reader,
                                                 Reporter& reporter);

/// `place:` of a task; from here on `finish_place`.
void read_place_need(const Node& place, ValueReader& reader, PlaceNeed& into);

/// Where a task of its type can run, once its keys and resources are known; reports a `place` that
/// its type cannot have.
void finish_place(TaskDraft& draft, Reporter& reporter);

/// Reports a task that none of the places could ever take, where it has to have one.
void check_place(const TaskDraft& draft, const std::vector<PlaceSpec>& places, Reporter& reporter);

}  // namespace cordyna::flow
