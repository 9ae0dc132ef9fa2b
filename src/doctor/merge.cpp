#include "merge.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <tessera/base/files.hpp>

namespace tessera::doctor {

namespace {

constexpr std::size_t hosts_shown = 4;

std::string to_text(Findings const& findings) {
    auto list = nlohmann::json::array();
    for (auto const& one : findings) {
        list.push_back({one.check, static_cast<int>(one.level), base::printable(one.cause),
                        base::printable(one.remedy)});
    }
    return list.dump();
}

Findings from_text(std::string const& text) {
    Findings findings;
    for (auto const& one : nlohmann::json::parse(text)) {
        findings.push_back({one[0].get<std::string>(), static_cast<Level>(one[1].get<int>()),
                            one[2].get<std::string>(), one[3].get<std::string>()});
    }
    return findings;
}

struct Said {
    Finding finding;
    std::set<std::string> hosts;
    std::size_t ranks = 0;
};

std::vector<Said> counted(std::vector<Findings> const& by_rank,
                          std::vector<std::string> const& hosts) {
    std::vector<Said> all;
    for (std::size_t rank = 0; rank < by_rank.size(); ++rank) {
        for (auto const& finding : by_rank[rank]) {
            auto found = std::ranges::find(all, finding, &Said::finding);
            if (found == all.end()) found = all.insert(all.end(), {finding, {}, 0});
            found->hosts.insert(hosts[rank]);
            ++found->ranks;
        }
    }
    return all;
}

std::string who(Said const& said) {
    std::vector<std::string> names(said.hosts.begin(), said.hosts.end());
    auto const more = names.size() > hosts_shown ? names.size() - hosts_shown : 0;
    names.resize(names.size() - more);
    return fmt::format("{}{}", fmt::join(names, ", "),
                       more > 0 ? fmt::format(" and {} more", more) : "");
}

}  // namespace

Findings merged(std::vector<Findings> const& by_rank, std::vector<std::string> const& hosts) {
    Findings result;
    for (auto& said : counted(by_rank, hosts)) {
        if (said.ranks < by_rank.size() && said.finding.level != Level::fine)
            said.finding.cause = fmt::format("{}: {}", who(said), said.finding.cause);
        result.push_back(std::move(said.finding));
    }
    std::ranges::stable_sort(result, std::ranges::greater{}, &Finding::level);
    return result;
}

Findings merged(comm::Communicator const& comm, Findings const& own,
                std::vector<std::string> const& hosts) {
    std::vector<Findings> by_rank;
    for (auto const& text : comm::all_gather(comm, to_text(own)))
        by_rank.push_back(from_text(text));
    return merged(by_rank, hosts);
}

}  // namespace tessera::doctor
