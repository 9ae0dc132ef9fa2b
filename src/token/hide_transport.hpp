#pragma once

#include "hidden_fields.hpp"
#include "option_rules.hpp"
#include "window.hpp"

#include <tessera/packet/packet.hpp>

namespace tessera::token {

/// Hides in the TCP or UDP header and, by `rules`, in TCP options.
void hide_in_transport(packet::Packet const& packet, HiddenFields hidden, OptionRules const& rules,
                       Window& window);

}  // namespace tessera::token
