#include <array>

#include "model/attempt.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"

namespace cordyna {

std::string_view to_string(TriggerRule rule) {
  static constexpr std::array kNames{std::string_view("all_completed"),
                                     std::string_view("all_done"),
                                     std::string_view("any_completed"),
                                     std::string_view("any_error"), std::string_view("all_error")};
  return kNames[static_cast<std::size_t>(rule)];
}

std::string_view to_string(InputType type) {
  static constexpr std::array kNames{
      std::string_view("string"),      std::string_view("int"),   std::string_view("float"),
      std::string_view("bool"),        std::string_view("date"),  std::string_view("datetime"),
      std::string_view("duration"),    std::string_view("json"),  std::string_view("select"),
      std::string_view("multiselect"), std::string_view("array"), std::string_view("file"),
      std::string_view("secret")};
  return kNames[static_cast<std::size_t>(type)];
}

void ChangeSet::clear() {
  flows.clear();
  runs.clear();
  tasks.clear();
  attempts.clear();
  holds.clear();
  points.clear();
  ticks.clear();
  history.clear();
}

}  // namespace cordyna
