/// Answers made smaller, for clients that want it, and made whole again for others.
///
/// Pure. Source: RFC 9110, 12.5.3. Internal to this folder. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace cordyna::server {

/// Whether gzip is accepted, and not liked less than the text as it is.
[[nodiscard]] bool accepts_gzip(const http::Headers& request);

/// Whether text of that Content-Type is worth it.
[[nodiscard]] bool is_compressible(std::string_view content_type);

/// Empty: it did not become smaller, or could not be done.
[[nodiscard]] std::string gzip(std::string_view text);

/// What `gzip` made, or another packer, of text of that size. Empty: it is something else.
[[nodiscard]] std::string gunzip(std::string_view packed, std::size_t text_bytes);

}  // namespace cordyna::server
