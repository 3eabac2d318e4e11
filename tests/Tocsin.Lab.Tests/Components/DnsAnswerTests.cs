using System.Net;
using System.Text;
using Tocsin.Lab.Components;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Tests.Components;

public sealed class DnsAnswerTests
{
    private static readonly IPAddress Proxy = IPAddress.Parse("127.9.9.9");
    private static readonly LabDns Dns = Records();

    [Theory]
    [InlineData("shop.example", 1, 0, "127.1.1.1")]
    [InlineData("SHOP.example", 1, 0, "127.1.1.1")]
    [InlineData("www.shop.example", 1, 0, "127.1.1.1")]
    [InlineData("any.wild.example", 1, 0, "127.1.1.2")]
    [InlineData("proxied.example", 1, 0, "127.9.9.9")]
    [InlineData("shop.example", 28, 0, null)]
    [InlineData("none.example", 1, 3, null)]
    [InlineData("broken.example", 1, 2, null)]
    [InlineData("loop.example", 1, 2, null)]
    public void A_name_is_answered_from_the_lab_s_records(string name, int type, int code, string? address)
    {
        var answer = DnsAnswer.To(Query(name, type), Dns.Find, Proxy)!;
        Assert.Equal(code, answer[3] & 0x0f);
        Assert.Equal(address, answer[7] == 0 || code != 0 ? null : new IPAddress(answer[^4..]).ToString());
    }

    [Fact]
    public void What_is_no_question_gets_no_answer()
    {
        var whole = Query("shop.example", 1);
        for (var length = 0; length < whole.Length; length++) Assert.Null(DnsAnswer.To(whole.AsSpan(0, length), Dns.Find, Proxy));
        Assert.Null(DnsAnswer.To(Enumerable.Repeat((byte)0xff, 64).ToArray(), Dns.Find, Proxy));
    }

    private static byte[] Query(string name, int type) =>
        [1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. name.Split('.').SelectMany(l => Encoding.ASCII.GetBytes(l).Prepend((byte)l.Length)), 0, 0, (byte)type, 0, 1];

    private static LabDns Records()
    {
        var dns = new LabDns();
        dns.Set("shop.example", "A", "127.1.1.1", proxied: false);
        dns.Set("www.shop.example", "CNAME", "shop.example", proxied: false);
        dns.Set("*.wild.example", "A", "127.1.1.2", proxied: false);
        dns.Set("proxied.example", "CNAME", "elsewhere.example", proxied: true);
        dns.Set("broken.example", "SERVFAIL", "", proxied: false);
        dns.Set("loop.example", "CNAME", "loop.example", proxied: false);
        return dns;
    }
}
