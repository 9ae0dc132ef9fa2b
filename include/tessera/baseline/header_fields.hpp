#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tessera/base/bytes.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::baseline {

/// A field of the IP, TCP, UDP or TLS header that a model may read.
struct HeaderField {
    std::string name;
    /// A counter or clock: a value near one of training may come from the same host or flow.
    bool is_counter = false;
};

std::vector<HeaderField> const& header_fields();

/// Value of each field, as a number or, where it is longer than 8 bytes, as its hash; none where
/// the packet has no such field. [fields]
using FieldValues = std::vector<std::optional<std::uint64_t>>;

/// Reads the headers out of the tokens of a flow, so it sees exactly what a model sees: fields that
/// the store's masking hides are 0. Values are those of the first packet; payload and the TLS
/// server name are looked for in the first ten. All are absent when the tokens do not begin at the
/// IP header.
FieldValues field_values(dataset::Store const& store, dataset::FlowView const& flow);

/// The bytes behind a packet's tokens. Error(usage) for a tokenizer other than bigram, bigram-pairs
/// and byte, which alone can be undone.
std::vector<std::byte> bytes_of(std::span<token::TokenId const> tokens, std::string_view tokenizer);

/// The server name of a TLS ClientHello that begins `payload` (RFC 6066, 3); none when there is
/// none or it is cut off.
std::optional<std::string> tls_server_name(base::ByteSpan payload);

}  // namespace tessera::baseline
