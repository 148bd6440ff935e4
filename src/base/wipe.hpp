/// What nobody may find in freed memory.
///
/// Threads: as of a value.
#pragma once

#include <string>

namespace cordyna {

/// Overwrites the text, then empties it.
void wipe_secret(std::string& text);

}  // namespace cordyna
