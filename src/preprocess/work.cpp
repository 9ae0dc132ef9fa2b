#include "work.hpp"

#include <algorithm>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/capture/joined_capture.hpp>
#include <tessera/capture/sliced_capture.hpp>
#include <tessera/dataset/schema.hpp>
#include <tessera/preprocess/packet_intake.hpp>
#include <tessera/token/masking.hpp>

namespace tessera::preprocess {

namespace {

constexpr char const* labels_by_folder = "folders";  // where a file of rules may be named

dataset::LabelRules rules_by_folder(std::vector<capture::CaptureFile> const& captures) {
    std::vector<std::string> names;
    for (auto const& capture : captures) names.push_back(capture.name);
    return dataset::folder_labels(names);
}

std::uint64_t in_no_folder(std::vector<capture::CaptureFile> const& captures) {
    return static_cast<std::uint64_t>(std::ranges::count_if(
        captures, [](auto const& capture) { return dataset::folder_class(capture.name).empty(); }));
}

// The payload of an outer datagram begins with the headers of the inner one.
void require_hidden_tunnels(token::TokenConfig const& config,
                            token::MaskingProfile const& profile) {
    using enum token::Field;
    bool const hidden = profile.hides(payload) || profile.hides(payload_as_ones) ||
                        profile.hides(payload_as_random);
    base::validate(config.tunnels == "inner" || hidden, base::ExitCode::usage,
                   "--anonymise with --tunnels {} --masking {}: the payload of a tunnel's datagram "
                   "would show the real addresses inside; choose inner, or a masking profile that "
                   "hides the payload, e.g. headers-only",
                   config.tunnels, config.masking);
}

// Anonymised addresses beside tokens that hold the real ones would be a promise not kept.
void require_hidden_addresses(token::TokenConfig const& config) {
    auto const profile = token::masking_profile(config.masking);
    bool const network = profile.hides(token::Field::addresses) ||
                         profile.hides(token::Field::network_header) ||
                         config.start == "transport" || config.start == "payload";
    bool const link = profile.hides(token::Field::link_header) || config.start != "link";
    base::validate(network && link, base::ExitCode::usage,
                   "--anonymise with --masking {} --start {}: the tokens would hold the real "
                   "addresses; choose a masking profile that hides them, e.g. default",
                   config.masking, config.start);
    require_hidden_tunnels(config, profile);
    base::validate(config.mask_values == "zero", base::ExitCode::usage,
                   "--anonymise with --mask-values {}: the random values are drawn from the real "
                   "addresses under a seed that the store tells; choose zero",
                   config.mask_values);
}

bool can_be_read(capture::CaptureFile const& capture, PreprocessConfig const& config) {
    try {
        capture::open_capture(capture, config.capture);
    } catch (base::Error const&) {
        return false;  // whoever reads it says why
    }
    return true;
}

// Only a plain classic pcap file can be read from its middle on.
CaptureSize size_of(capture::CaptureFile const& capture, PreprocessConfig const& config) {
    auto parts = parts_of(capture.bytes, static_cast<std::uint64_t>(config.share_bytes));
    if (parts == 1 || !can_be_read(capture, config)) return {capture.bytes};
    if (config.share_parts != 0) parts = static_cast<std::uint32_t>(config.share_parts);
    bool const in_slices = capture.pieces.empty() &&
                           capture::SlicedCapture::open(capture.path, config.capture).has_value();
    return {capture.bytes, parts, in_slices ? Reading::in_slices : Reading::in_order};
}

// What every capture will need is made once, so that a setting that cannot be is told at the start.
void try_settings(PreprocessConfig const& config) {
    PacketIntake const intake(config);
    token::Tokenizer const tokenizer(config.token);
    flow::FlowTable const table(flow_settings(config), {});
    burst::split_bursts({}, config.burst);
    if (!config.filter.empty()) capture::Filter(config.filter, packet::LinkType::ethernet);
}

}  // namespace

std::string job_of(PreprocessConfig const& config, Work const& work, base::BuildInfo const& build) {
    auto text =
        fmt::format("{} {} {} {}\n", build.version, build.revision, build.compiler, build.flags);
    text += content_settings(config) + token::tokenizer_identity(config.token).hash;
    if (!config.labels.empty()) {
        text +=
            config.labels == labels_by_folder ? "labels by folder" : base::read_text(config.labels);
    }
    auto const add = [&](capture::CaptureFile const& file) {
        text += fmt::format("{} {} {}\n", file.name, file.bytes, file.modified);
    };
    for (auto const& capture : work.captures) {
        add(capture);
        for (auto const& piece : capture.pieces) add(piece);
    }
    for (auto const& unit : work.units) {
        text += fmt::format("{} {} {} {}\n", unit.first, unit.captures, unit.parts,
                            static_cast<int>(unit.reading));
    }
    return base::checksum(std::as_bytes(std::span(text)));
}

std::shared_ptr<dataset::AddressAnonymiser const> anonymiser_of(PreprocessConfig const& config) {
    if (config.anonymise.empty()) return nullptr;
    return std::make_shared<dataset::AddressAnonymiser>(config.anonymise);
}

Work find_work(PreprocessConfig const& config) {
    base::validate(!config.input.empty(), base::ExitCode::usage,
                   "no captures named: give --input PATH ..");
    base::validate(config.share_bytes >= 0, base::ExitCode::usage,
                   "preprocess.share_bytes is {}: give a number of bytes, or 0 for never",
                   config.share_bytes);
    base::validate(
        config.share_parts == 0 ||
            (config.share_parts >= 2 && config.share_parts <= std::int64_t{dataset::max_parts}),
        base::ExitCode::usage, "preprocess.share_parts is {}: give 2 to {}, or 0",
        config.share_parts, dataset::max_parts);
    base::validate(config.min_flow_packets >= 1, base::ExitCode::usage,
                   "preprocess.min_flow_packets is {}: give 1 or more", config.min_flow_packets);
    try_settings(config);
    if (!config.anonymise.empty()) require_hidden_addresses(config.token);
    Work work;
    if (!config.labels.empty() && config.labels != labels_by_folder) {
        work.rules = dataset::load_label_rules(config.labels);
    }
    auto found = capture::find_captures(config.input);
    work.captures =
        capture::joined(std::move(found.captures), capture::join_of(config.join), config.capture);
    work.skipped = found.skipped;
    base::validate(!work.captures.empty(), base::ExitCode::bad_input,
                   "no capture found in the {} inputs given ({} other files were passed over)",
                   config.input.size(), found.skipped);
    base::validate(work.captures.size() <= dataset::max_captures, base::ExitCode::usage,
                   "{} captures: a store lists at most {}; make several stores",
                   work.captures.size(), dataset::max_captures);
    if (config.labels == labels_by_folder) {
        work.rules = rules_by_folder(work.captures);
        work.unlabelled = in_no_folder(work.captures);
    }
    std::vector<CaptureSize> sizes;
    for (auto const& capture : work.captures) {
        sizes.push_back(size_of(capture, config));
        work.bytes += capture.bytes;
    }
    work.units = cut_units(sizes, unit_size(work.bytes));
    work.job = job_of(config, work, base::build_info());
    return work;
}

}  // namespace tessera::preprocess
