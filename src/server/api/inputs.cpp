// The inputs that this server keeps going.
#include <vector>

#include "server/api/routes.hpp"
#include "service/input_list.hpp"

namespace cordyna::server {

void list_inputs(Api& api, Call& call) {
  const std::vector<InputStatus> all =
      api.parts().inputs ? api.parts().inputs() : std::vector<InputStatus>();
  std::vector<ListedInput> listed;
  const auto open = api.reader().count_open_events(kOpenCounted);
  if (!open.has_value()) return call.refuse(open.error());
  for (const InputStatus& status : all) {
    if (call.caller.may(Role::kViewer, status.ns)) listed.push_back(input_of(status, *open));
  }
  call.answer(inputs_as_json(listed));
}

}  // namespace cordyna::server
