/// What is not well, who is told of it, and how their channels fare: for the API and `dyna alerts`.
#pragma once

#include <functional>
#include <string>

#include "alert/status.hpp"

namespace cordyna {

/// JSON objects.
void append_alert(std::string& out, const alert::Incident& incident);
void append_channel(std::string& out, const alert::ChannelStatus& channel);
/// {"channels":[…],"alerts":[…],"problem":"…"}; of alerts those that `shows` lets through.
[[nodiscard]] std::string alerts_as_json(const alert::AlertStatus& status,
                                         const std::function<bool(const alert::Incident&)>& shows);

}  // namespace cordyna
