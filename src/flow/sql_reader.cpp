// What only a whole task of type `sql` can have wrong.
#include <fmt/format.h>

#include <array>
#include <string_view>

#include "base/words.hpp"
#include "flow/task_reader.hpp"
#include "template/template.hpp"

namespace cordyna::flow {

void TaskReader::check_sql(const TaskDraft& draft) {
  const Node* save = draft.node->find("save_as");
  if (save == nullptr || !save->is_scalar()) return;
  const std::string_view text = save->text;
  if (text.starts_with('/') || text == ".." || text.starts_with("../") ||
      text.find("/../") != std::string_view::npos) {
    reporter_.error(
        *save, Code::kBadValue,
        fmt::format("'save_as' is a name within the task's artifacts, not {}", quoted(text)));
    return;
  }
  constexpr std::array<std::string_view, 3> kEndings = {".parquet", ".csv", ".jsonl"};
  for (const std::string_view ending : kEndings) {
    if (text.ends_with(ending)) return;
  }
  if (text.ends_with("}}")) return;  // known only when it runs
  reporter_.error(
      *save, Code::kBadValue,
      fmt::format("'save_as' ends in .parquet, .csv or .jsonl, not as {}", quoted(text)));
}

}  // namespace cordyna::flow
