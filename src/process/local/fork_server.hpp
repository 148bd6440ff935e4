/// `dyna supervise FOLDER`: the fork server of a state folder. Small, single-threaded, and the
/// parent of all guardians.
///
/// It forks a guardian for each request on FOLDER/supervise.sock and waits for those that end. When
/// one is killed, it kills what that one's tasks left behind, since that falls to it. It ends when
/// no guardian lives and no owner is connected. If it is killed, nothing is lost: guardians live
/// on, and the next request starts another server.
#pragma once

#include <string>

namespace cordyna {

/// Writes one line to standard output and goes on in the background: "ready", "taken" (another one
/// serves this folder), or "error: …". The exit code of the foreground: 0, or 1 after an error.
int supervise_main(const std::string& folder);

}  // namespace cordyna
