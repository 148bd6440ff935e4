/// `dyna http-step FILE`: the process that a guardian watches while a web service is called.
#pragma once

#include <string>

namespace cordyna::web {

/// Makes the call that the file describes, once. Its answer becomes outputs, in $DYNA_REPORT, or an
/// artifact; what went wrong stands there, too. Where another attempt may follow, it ends no sooner
/// than the server wants to hear of us again.
[[nodiscard]] int http_step_main(const std::string& path);

}  // namespace cordyna::web
