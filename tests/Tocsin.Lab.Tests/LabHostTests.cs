namespace Tocsin.Lab.Tests;

public sealed class LabHostTests
{
    [Fact]
    public async Task The_healthy_platform_comes_up_and_answers_through_its_load_balancer()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = await TestLab.StartAsync(10, cancel);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var status = await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), cancel);
        TestContext.Current.SendDiagnosticMessage($"healthy after {watch.Elapsed.TotalSeconds:0.0} s, {status.MemoryMegabytes} MB");
        Console.WriteLine($"healthy after {watch.Elapsed.TotalSeconds:0.0} s, {status.MemoryMegabytes} MB");
        var production = lab.Host.State.Environments[0];
        using var http = new HttpClient { BaseAddress = new Uri($"http://{production.Components["alb"].Host}:{production.Components["alb"].Port}") };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health") { Headers = { Host = "api.zelly.in" } };
        using var response = await http.SendAsync(request, cancel);
        Assert.Equal(System.Net.HttpStatusCode.OK, response.StatusCode);
    }
}
