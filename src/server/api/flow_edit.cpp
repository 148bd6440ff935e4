#include "server/api/flow_edit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "service/flow_folder.hpp"
#include "service/git_list.hpp"

namespace cordyna::server {

Result<std::optional<GitEdit>> edit_of(Api& api, std::string_view ns, std::string_view flow_id,
                                       std::string_view text) {
  if (api.parts().git == nullptr) return std::optional<GitEdit>();
  const auto present = api.reader().find_applied(ns, flow_id);
  if (!present.has_value() && present.error().code != ErrorCode::kNotFound) {
    return std::unexpected<Error>(present.error());
  }
  const FlowSourceRow source = source_of(std::string(text));
  return api.parts().git->edit(ns, flow_id, present.has_value() ? &*present : nullptr,
                               text_mark(source.hash));
}

void append_follow(std::string& out, Api& api, const Caller& caller, std::string_view ns) {
  if (api.parts().git == nullptr) return;
  GitStatus status = api.parts().git->status();
  const auto found = std::ranges::find_if(
      status.follows, [ns](const FollowStatus& one) { return reaches(one.follow.ns, ns); });
  if (found == status.follows.end()) return;
  if (!caller.may(Role::kViewer, found->follow.ns)) {
    // What is wrong elsewhere in the branch is for who may see that.
    GitBook& book = found->book;
    if (!book.flaws.empty()) book.flaws = {{{}, 0, 0, "something in it is wrong"}};
    found->edits.clear();
  }
  out += ",\"follows\":" + follow_as_json(*found);
}

}  // namespace cordyna::server
