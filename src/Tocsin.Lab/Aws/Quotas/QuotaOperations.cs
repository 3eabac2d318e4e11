using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Quotas;

/// <summary>Service Quotas, to be read.</summary>
public static class QuotaOperations
{
    private static readonly AwsException NoService = new("NoSuchResourceException", "The request failed because the specified service does not exist.");

    public static IEnumerable<Operation> All(LabWorld world)
    {
        Operation Op(string name, Func<QuotaState, AwsCall, JsonObject> answer, bool one) => new("servicequotas", name, call => answer(world.Regions[call.Region].Quotas, call))
        {
            Resources = call => one ? [LabIds.Arn("servicequotas", call.Region, $"{call.Text("ServiceCode")}/{call.Text("QuotaCode")}")] : ["*"],
            Note = "only quotas that the platform can run into",
        };
        yield return Op("ListServiceQuotas", (q, c) => List(q, c, quota => quota.Value), false);
        yield return Op("ListAWSDefaultServiceQuotas", (q, c) => List(q, c, quota => quota.Default), false);
        yield return Op("GetServiceQuota", (q, c) => new JsonObject { ["Quota"] = Of(One(q, c), c.Region, One(q, c).Value) }, true);
        yield return Op("GetAWSDefaultServiceQuota", (q, c) => new JsonObject { ["Quota"] = Of(One(q, c), c.Region, One(q, c).Default) }, true);
    }

    private static Quota One(QuotaState state, AwsCall call)
    {
        var service = call.Required("ServiceCode");
        if (!state.Quotas.Exists(q => q.Service == service)) throw NoService;
        return state.Find(service, call.Required("QuotaCode")) ?? throw new AwsException("NoSuchResourceException", "The request failed because the specified quota does not exist.");
    }

    private static JsonObject List(QuotaState state, AwsCall call, Func<Quota, double> value)
    {
        var service = call.Required("ServiceCode");
        if (!state.Quotas.Exists(q => q.Service == service)) throw NoService;
        var size = call.Within("MaxResults", 1, 100, 100, _ => new AwsException("IllegalArgumentException", "MaxResults must be between 1 and 100."));
        var (page, next) = Pages.Of(state.Quotas.Where(q => q.Service == service), q => q.Code, call.Text("NextToken"), size, () => new AwsException("InvalidPaginationTokenException", "Invalid input was provided."));
        return new JsonObject { ["Quotas"] = page.Array(q => Of(q, call.Region, value(q))) }.With("NextToken", next);
    }

    private static JsonObject Of(Quota q, string region, double value) => new()
    {
        ["ServiceCode"] = q.Service,
        ["ServiceName"] = q.ServiceName,
        ["QuotaArn"] = LabIds.Arn("servicequotas", region, $"{q.Service}/{q.Code}"),
        ["QuotaCode"] = q.Code,
        ["QuotaName"] = q.Name,
        ["Value"] = value,
        ["Unit"] = "None",
        ["Adjustable"] = true,
        ["GlobalQuota"] = false,
    };
}
