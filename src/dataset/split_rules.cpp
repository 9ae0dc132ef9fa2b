#include "split_rules.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/hash.hpp>

namespace tessera::dataset {

namespace {

void put(std::array<std::byte, 37>& bytes, std::size_t offset, packet::Endpoint const& end) {
    std::memcpy(bytes.data() + offset, end.address.bytes.data(), 16);
    bytes[offset + 16] = static_cast<std::byte>(end.port & 0xffU);
    bytes[offset + 17] = static_cast<std::byte>(end.port >> 8U);
}

// The bytes that datasets/FORMAT.md names, so that anybody can compute the fold again.
std::uint64_t split_hash(flow::FlowKey const& key, std::uint64_t seed) {
    std::array<std::byte, 37> bytes{};
    bytes[0] = static_cast<std::byte>(key.protocol);
    put(bytes, 1, key.low);
    put(bytes, 19, key.high);
    return base::hash64(bytes, seed);
}

Fold fold_at(double position, Fractions const& fractions) {
    if (position < fractions[0]) return Fold::train;
    return position < fractions[0] + fractions[1] ? Fold::valid : Fold::test;
}

Fold fold_at(base::Nanoseconds start, std::array<base::Nanoseconds, 2> const& cuts) {
    if (start < cuts[0]) return Fold::train;
    return start < cuts[1] ? Fold::valid : Fold::test;
}

}  // namespace

Fold fold_of_packet(std::uint64_t packet, Fractions const& fractions, std::uint64_t seed) {
    std::array<std::byte, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes.at(i) = static_cast<std::byte>(packet >> 8U * i & 0xffU);
    }
    return fold_at(std::ldexp(static_cast<double>(base::hash64(bytes, seed)), -64), fractions);
}

std::vector<Fold> folds_by_flow(Store const& store, Fractions const& fractions,
                                std::uint64_t seed) {
    std::vector<Fold> folds;
    folds.reserve(store.flows());
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        auto const hash = split_hash(store.flow(i).key(), seed);
        folds.push_back(fold_at(std::ldexp(static_cast<double>(hash), -64), fractions));
    }
    return folds;
}

std::vector<Fold> folds_by_group(FlowGroups const& groups, SplitBy by,
                                 std::map<std::string, Fold> const& folds) {
    std::vector<std::optional<Fold>> of_group;
    for (auto const& name : groups.names) {
        auto const found = folds.find(name);
        of_group.push_back(found == folds.end() ? std::nullopt : std::optional(found->second));
    }
    std::vector<Fold> of_flow;
    of_flow.reserve(groups.of_flow.size());
    for (auto const group : groups.of_flow) {
        base::validate(of_group[group].has_value(), base::ExitCode::bad_input,
                       "the split knows no {} '{}'; make it again for this store", name(by),
                       base::printable(groups.names[group]));
        of_flow.push_back(*of_group[group]);
    }
    return of_flow;
}

std::array<base::Nanoseconds, 2> time_cuts(Store const& store, Fractions const& fractions) {
    std::vector<base::Nanoseconds> starts;
    starts.reserve(store.flows());
    for (std::uint64_t i = 0; i < store.flows(); ++i) starts.push_back(store.flow(i).first);
    std::sort(starts.begin(), starts.end());
    auto const start_after = [&](double share) -> base::Nanoseconds {
        auto const rank = static_cast<std::size_t>(share * static_cast<double>(starts.size()));
        return starts.empty() ? 0 : starts[std::min(rank, starts.size() - 1)];
    };
    return {start_after(fractions[0]), start_after(fractions[0] + fractions[1])};
}

std::vector<Fold> folds_by_time(Store const& store, std::array<base::Nanoseconds, 2> cuts) {
    std::unordered_map<CaptureFlow, Fold, CaptureFlowHash> of_tuple;
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        auto const flow = store.flow(i);
        auto const fold = fold_at(flow.first, cuts);
        auto const [place, is_new] = of_tuple.emplace(CaptureFlow{flow.capture, flow.key()}, fold);
        if (!is_new && place->second != fold) place->second = Fold::excluded;
    }
    std::vector<Fold> folds;
    folds.reserve(store.flows());
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        auto const flow = store.flow(i);
        folds.push_back(of_tuple.at({flow.capture, flow.key()}));
    }
    return folds;
}

}  // namespace tessera::dataset
