#pragma once

#include "hidden_fields.hpp"
#include "window.hpp"

#include <tessera/packet/packet.hpp>

namespace tessera::token {

/// Hides the payload, whole or the server name in it, or puts other bytes of the same number in its
/// place: ones, or bytes drawn anew for each packet, the same in every run.
void hide_in_payload(packet::Packet const& packet, HiddenFields hidden, Window& window);

}  // namespace tessera::token
