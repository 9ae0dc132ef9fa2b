#pragma once

#include "column_buffer.hpp"
#include "token_file.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include <tessera/burst/burst.hpp>
#include <tessera/dataset/address_anonymiser.hpp>
#include <tessera/dataset/schema.hpp>
#include <tessera/flow/flow.hpp>
#include <tessera/token/tokenizer.hpp>

namespace tessera::dataset {

/// From here on the data of a dataset starts at a multiple of 1 MiB, bytes.
inline constexpr std::uint64_t large_dataset = std::uint64_t{4} << 20U;

/// The columns of a shard while flows come in.
class ShardBuffers {
  public:
    /// The shard will be published as `path`; `memory` bytes of columns are held before they are
    /// put by, and tokens until they are known to be many.
    ShardBuffers(base::FileSystem& files, std::filesystem::path const& path,
                 token::Tokenizer const& tokenizer, std::size_t label_sets, std::uint64_t memory,
                 std::shared_ptr<AddressAnonymiser const> anonymiser);

    void add(flow::Flow const& flow, std::span<burst::Burst const> bursts, std::uint32_t capture,
             std::span<std::int32_t const> labels);

    /// Takes room for the columns of about so many packets, as far as the limit goes.
    void expect(std::uint64_t packets);

    /// After the last flow, before the columns are read: no more tokens come.
    void finish();

    /// Bytes of tokens that stand in the shard's file already; all of them or none once finished.
    std::uint64_t tokens_in_place() const { return token_file_.bytes(); }

    ShardCounts const& counts() const { return counts_; }
    /// Columns in their order, then the label sets.
    ColumnBuffer const& column(std::size_t position) const {
        return position < column_count ? *all_[position] : *labels_[position - column_count];
    }
    Spool const& spool() const { return spool_; }

    std::array<std::uint64_t, flow_end_kinds> flow_ends{};
    std::vector<std::map<std::int32_t, std::uint64_t>> label_flows;  ///< [set] class: flows

  private:
    using AddressBytes = std::array<std::uint8_t, 16>;

    std::uint64_t pending_bytes() const;
    void put_by();
    void reserve_tokens(std::size_t bytes);
    void put_tokens();
    void add_packet(flow::Flow const& flow, flow::FlowPacket const& packet);
    void add_burst(flow::Flow const& flow, burst::Burst const& burst);
    void add_flow_row(flow::Flow const& flow, std::uint32_t capture);
    void add_labels(std::span<std::int32_t const> labels);

    packet::Address shown(packet::Address const& address) const {
        return anonymiser_ ? (*anonymiser_)(address) : address;
    }

    token::Tokenizer tokenizer_;
    std::shared_ptr<AddressAnonymiser const> anonymiser_;
    TokenFile token_file_;
    Spool spool_;
    std::uint64_t memory_;
    std::uint64_t tokens_due_ = large_dataset;  // bytes of tokens at which they are written
    std::uint64_t looked_at_ = 0;               // packets when memory was last looked at
    ShardCounts counts_;

    ColumnOf<token::TokenId> tokens_;
    ColumnOf<std::uint64_t> offsets_;
    ColumnOf<std::uint8_t> burst_direction_;
    ColumnOf<std::uint64_t> burst_packets_;
    ColumnOf<std::uint64_t> packet_offsets_;
    ColumnOf<std::uint8_t> packet_direction_;
    ColumnOf<std::int64_t> packet_time_;
    ColumnOf<std::uint32_t> packet_wire_length_;
    ColumnOf<std::uint32_t> packet_payload_length_;
    ColumnOf<std::uint8_t> packet_tcp_flags_;
    ColumnOf<std::uint64_t> flow_bursts_;
    ColumnOf<std::uint64_t> flow_packets_;
    ColumnOf<std::uint32_t> flow_capture_;
    ColumnOf<std::uint8_t> flow_protocol_;
    ColumnOf<AddressBytes> flow_initiator_address_;
    ColumnOf<std::uint16_t> flow_initiator_port_;
    ColumnOf<AddressBytes> flow_responder_address_;
    ColumnOf<std::uint16_t> flow_responder_port_;
    ColumnOf<std::int64_t> flow_first_;
    ColumnOf<std::int64_t> flow_last_;
    ColumnOf<std::uint64_t> flow_wire_bytes_;
    ColumnOf<std::uint8_t> flow_end_;
    std::vector<std::unique_ptr<ColumnOf<std::int32_t>>> labels_;

    // In the order of Column.
    std::array<ColumnBuffer*, column_count> all_{&tokens_,
                                                 &offsets_,
                                                 &burst_direction_,
                                                 &burst_packets_,
                                                 &packet_offsets_,
                                                 &packet_direction_,
                                                 &packet_time_,
                                                 &packet_wire_length_,
                                                 &packet_payload_length_,
                                                 &packet_tcp_flags_,
                                                 &flow_bursts_,
                                                 &flow_packets_,
                                                 &flow_capture_,
                                                 &flow_protocol_,
                                                 &flow_initiator_address_,
                                                 &flow_initiator_port_,
                                                 &flow_responder_address_,
                                                 &flow_responder_port_,
                                                 &flow_first_,
                                                 &flow_last_,
                                                 &flow_wire_bytes_,
                                                 &flow_end_};
};

}  // namespace tessera::dataset
