using System.Net;
using System.Net.Sockets;
using Tocsin.Collect.Wire;

namespace Tocsin.Collect.Tests.Wire;

public sealed class DnsWireTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void An_answer_through_an_alias_gives_both()
    {
        var question = DnsMessage.Question(7, "www.shop.example", DnsType.A)!;
        // Names by a pointer to the question's name at 12, and to its second label at 16.
        byte[] alias = [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 16];
        byte[] address = [0xc0, 16, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 1, 2, 3];
        var answer = DnsMessage.Read(Answer(question, 0x81, 0x80, 2, [.. alias, .. address]), question, DnsType.A)!;
        Assert.Equal(DnsOutcome.Answer, answer.Outcome);
        Assert.True(answer.HasAlias);
        Assert.Equal("127.1.2.3", Assert.Single(answer.Addresses).ToString());
        Assert.Equal(new DnsRecord("www.shop.example", DnsType.Cname, 60, "shop.example"), answer.Records[0]);
    }

    [Theory]
    [InlineData(DnsType.Aaaa, "00000000000000000000000000000001", "::1")]
    [InlineData(DnsType.Txt, "0568656c6c6f", "hello")]
    [InlineData(DnsType.Caa, "00056973737565" + "6c657473656e63727970742e6f7267", "0 issue letsencrypt.org")]
    [InlineData(DnsType.Ns, "036e7331c00c", "ns1.shop.example")]
    public void Each_type_of_record_is_read(DnsType type, string data, string value)
    {
        var question = DnsMessage.Question(7, "shop.example", type)!;
        var bytes = Convert.FromHexString(data);
        byte[] record = [0xc0, 12, (byte)((int)type >> 8), (byte)type, 0, 1, 0, 0, 0, 60, 0, (byte)bytes.Length, .. bytes];
        Assert.Equal(value, Assert.Single(DnsMessage.Read(Answer(question, 0x81, 0x80, 1, record), question, type)!.Records).Value);
    }

    [Theory]
    [InlineData(0x83, DnsOutcome.NxDomain)]
    [InlineData(0x82, DnsOutcome.ServFail)]
    [InlineData(0x85, DnsOutcome.Refused)]
    [InlineData(0x80, DnsOutcome.NoData)]
    public void Each_refusal_has_its_own_outcome(int low, DnsOutcome outcome)
    {
        var question = DnsMessage.Question(7, "shop.example", DnsType.A)!;
        Assert.Equal(outcome, DnsMessage.Read(Answer(question, 0x81, (byte)low, 0, []), question, DnsType.A)!.Outcome);
    }

    [Fact]
    public void Pointers_in_a_circle_answers_to_others_and_cut_ones_are_refused()
    {
        var question = DnsMessage.Question(7, "shop.example", DnsType.A)!;
        var circle = Answer(question, 0x81, 0x80, 1, [0xc0, (byte)question.Length, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 1, 2, 3, 4]);
        Assert.Throws<WireFormatException>(() => DnsMessage.Read(circle, question, DnsType.A));
        var other = DnsMessage.Question(7, "other.example", DnsType.A)!;
        Assert.Throws<WireFormatException>(() => DnsMessage.Read(Answer(other, 0x81, 0x80, 0, []), question, DnsType.A));
        var whole = Answer(question, 0x81, 0x80, 1, [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 1, 2, 3, 4]);
        for (var length = 0; length < whole.Length; length++) Assert.Throws<WireFormatException>(() => DnsMessage.Read(whole.AsSpan(0, length), question, DnsType.A));
        Assert.Null(DnsMessage.Question(7, "a..b", DnsType.A));
        Assert.Null(DnsMessage.Question(7, new string('a', 64) + ".example", DnsType.A));
    }

    [Fact]
    public async Task A_long_answer_is_asked_for_over_tcp_and_a_forged_one_passed_over()
    {
        // An address of the loopback network that no other test listens on: the port is free for both.
        var here = IPAddress.Parse("127.77.0.53");
        using var udp = new UdpClient(new IPEndPoint(here, 0));
        var port = ((IPEndPoint)udp.Client.LocalEndPoint!).Port;
        var tcp = new TcpListener(here, port);
        tcp.Start();
        var asking = DnsClient.AskAsync(new IPEndPoint(here, port), "shop.example", DnsType.A, Cancel);
        var asked = await udp.ReceiveAsync(Cancel);
        byte[] forged = [.. asked.Buffer];
        forged[0] ^= 0xff;
        await udp.SendAsync(Answer(forged, 0x81, 0x80, 0, []), asked.RemoteEndPoint, Cancel);
        await udp.SendAsync(Answer(asked.Buffer, 0x83, 0x80, 0, []), asked.RemoteEndPoint, Cancel);
        using var client = await tcp.AcceptTcpClientAsync(Cancel);
        var stream = client.GetStream();
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, Cancel);
        var question = new byte[length[1]];
        await stream.ReadExactlyAsync(question, Cancel);
        var answer = Answer(question, 0x81, 0x80, 1, [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 9]);
        await stream.WriteAsync(new byte[] { 0, (byte)answer.Length }.Concat(answer).ToArray(), Cancel);
        Assert.Equal("127.0.0.9", Assert.Single((await asking).Addresses).ToString());
        tcp.Stop();
    }

    [Fact]
    public async Task A_silent_resolver_is_a_timeout_and_garbage_is_garbage()
    {
        using var udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var resolver = (IPEndPoint)udp.Client.LocalEndPoint!;
        Assert.Equal(DnsOutcome.Timeout, (await DnsClient.AskAsync(resolver, "shop.example", DnsType.A, Cancel)).Outcome);
        while (udp.Available > 0) await udp.ReceiveAsync(Cancel);
        var asking = DnsClient.AskAsync(resolver, "shop.example", DnsType.A, Cancel);
        var asked = await udp.ReceiveAsync(Cancel);
        await udp.SendAsync("HTTP/1.1 400 Bad Request"u8.ToArray(), asked.RemoteEndPoint, Cancel);
        Assert.Equal(DnsOutcome.Garbage, (await asking).Outcome);
    }

    [Fact]
    public void Resolvers_are_those_of_the_file() =>
        Assert.Equal(["10.0.0.2:53", "[::1]:53"], DnsClient.Resolvers("# x\nnameserver 10.0.0.2\nsearch a\nnameserver\t::1\nnameserver none\n").Select(r => r.ToString()));

    private static byte[] Answer(byte[] question, byte high, byte low, byte answers, byte[] records) => [question[0], question[1], high, low, 0, 1, 0, answers, 0, 0, 0, 0, .. question[12..], .. records];
}
