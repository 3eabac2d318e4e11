using System.Net;
using Tocsin.Server.Notify;

namespace Tocsin.Server.Tests;

public sealed class OutgoingGuardTests
{
    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("1.1.1.1", true)]
    [InlineData("2606:4700::1111", true)]
    public void Private_networks_are_not_reached(string address, bool allowed) => Assert.Equal(allowed, new OutgoingGuard([]).Allows(IPAddress.Parse(address)));

    [Fact]
    public void A_network_that_is_allowed_is_reached()
    {
        var guard = new OutgoingGuard([IPNetwork.Parse("10.1.0.0/16")]);
        Assert.True(guard.Allows(IPAddress.Parse("10.1.9.9")));
        Assert.False(guard.Allows(IPAddress.Parse("10.2.9.9")));
    }

    [Fact]
    public async Task A_name_of_this_machine_is_refused_before_anything_is_sent()
    {
        using var http = new OutgoingGuard([]).CreateClient();
        var failed = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync("http://localhost:1/", TestContext.Current.CancellationToken));
        Assert.IsType<ForbiddenAddressException>(failed.InnerException);
    }
}
